//! What a process has held.

/// The most memory that this process has held at once, in bytes, where the system says so.
pub fn peak_memory() -> Option<u64> {
    peak(&std::fs::read_to_string("/proc/self/status").ok()?)
}

fn peak(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_found() {
        assert_eq!(peak("VmPeak:\t  9 kB\nVmHWM:\t     812 kB\n"), Some(812 * 1024));
        assert_eq!(peak("VmPeak: 9 kB"), None);
        assert!(!cfg!(target_os = "linux") || peak_memory() > Some(1 << 20));
    }
}
