//! Runs under real-world trouble.
