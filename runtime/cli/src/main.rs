//! The `rlhf` command.

fn main() -> std::process::ExitCode {
    rlhf_cli::main()
}
