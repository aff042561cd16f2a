//! The command, for tests to start.

fn main() -> std::process::ExitCode {
    rlhf_cli::main()
}
