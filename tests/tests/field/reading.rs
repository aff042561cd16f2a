//! Files that are cut, damaged, packed or huge.
