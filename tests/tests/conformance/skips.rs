//! Declared skips are claims.
