//! Examples for every command; tests run those that take no minutes.

macro_rules! examples {
    ($examples:literal) => {
        concat!(
            "Examples:\n",
            $examples,
            "\n\n\
             Exit codes: 0 done; 1 failed while running; 2 the command line, the configuration or what\n\
             they name is wrong, and nothing was begun; 3 stopped on purpose, by a guard or by Ctrl-C, with a checkpoint left; 4 `data check`\n\
             found problems, or rows were left out."
        )
    };
}

pub const RLHF: &str = examples!(
    "  rlhf                                         all three steps on data it makes itself, in two minutes
  rlhf quickstart --seed 7 --out runs/seven    the same under another seed, with files to keep
  rlhf init DIR                                a configuration for your own data
  rlhf run examples/real.toml --data DIR       all three steps on public human-feedback data"
);

pub const QUICKSTART: &str = examples!(
    "  rlhf quickstart
  rlhf quickstart --seed 7 --out runs/seven
  rlhf quickstart --json > summary.json"
);

pub const INIT: &str = examples!(
    "  rlhf init data
  rlhf init data --out mine.toml && rlhf run mine.toml --data data"
);

pub const RUN: &str = examples!(
    "  rlhf run examples/real.toml --data DIR --out runs/real
  rlhf run run.toml --set ppo.iterations=10 --set ppo.policy.learning_rate=1e-4
  rlhf run run.toml --out runs/real --resume"
);

pub const PRETRAIN: &str = examples!(
    "  rlhf pretrain run.toml --data DIR --out runs/new
  rlhf pretrain run.toml --set base.new.layers=2 --out runs/small"
);

pub const SFT: &str = examples!(
    "  rlhf sft run.toml --data DIR --out runs/real
  rlhf sft run.toml --out runs/other --set supervised.epochs=1"
);

pub const REWARD: &str = examples!(
    "  rlhf reward run.toml --data DIR --out runs/real
  rlhf reward run.toml --out runs/other --from runs/real"
);

pub const ALIGN: &str = examples!(
    "  rlhf align run.toml --data DIR --out runs/real
  rlhf align run.toml --out runs/grpo --from runs/real --set method=grpo
  rlhf align run.toml --out runs/careful --from runs/real --set ppo.controller='{ fixed = { beta = 0.1 } }'"
);

pub const GENERATE: &str = examples!(
    "  rlhf generate runs/real/policy --prompt 'Why is the sky blue?' --transcript
  rlhf generate runs/real/policy --prompts prompts.jsonl --n 4 --temperature 0.7 --json
  echo 'Once upon a time' | rlhf generate stories.bin --tokenizer tok512.bin --top-p 0.9"
);

pub const SCORE: &str = examples!(
    "  rlhf score runs/real/reward --prompt 'Why is the sky blue?' --reply 'Air scatters blue.' --transcript
  rlhf generate runs/real/policy --prompt 'Hello' --n 8 --json | rlhf score runs/real/reward
  rlhf score runs/real/reward answers.jsonl --json"
);

pub const EXPORT: &str = examples!(
    "  rlhf export runs/real/reward --out rm.rlhf
  rlhf export runs/real/reward --dtype int4 --context 512 --pairs held-out.jsonl --out rm.rlhf"
);

pub const RATE: &str = examples!(
    "  rlhf rate games.jsonl
  echo '{\"a\": \"ppo\", \"b\": \"sft\", \"winner\": \"a\"}' | rlhf rate --prior 0.1
  rlhf rate games.jsonl --json > ratings.json"
);

pub const CONFIG: &str = examples!(
    "  rlhf config --profile instructgpt > run.toml
  rlhf config --method dpo > dpo.toml
  rlhf config --schema > config.schema.json
  rlhf config check run.toml --data DIR"
);

pub const CHECK: &str = examples!(
    "  rlhf config check examples/real.toml
  rlhf config check run.toml --data DIR --json
  rlhf config check run.toml --data DIR --set base.new.width=4096 --memory 16"
);

pub const BENCH: &str = examples!(
    "  rlhf bench
  rlhf bench --model 124M --only train-8 --only greedy-1 --threads 1
  rlhf bench --model base/ --only ppo
  rlhf bench --model tiny --repeat 9 --json > bench.json"
);

pub const CONTROL: &str = examples!(
    "  rlhf control grid
  rlhf control cart-pole --method coach --mistakes 0.1 --seed 7
  rlhf control mountain-car --method tamer --json > summary.json
  rlhf control grid --teacher keyboard --episodes 3"
);

pub const REPORT: &str = examples!(
    "  rlhf report out/run
  rlhf report runs/ppo runs/grpo"
);

pub const COMPLETIONS: &str = examples!(
    "  rlhf completions bash > ~/.local/share/bash-completion/completions/rlhf
  rlhf completions zsh > ~/.zfunc/_rlhf
  rlhf completions fish > ~/.config/fish/completions/rlhf.fish"
);

#[cfg(test)]
mod tests {
    use crate::command::exit::Exit;

    #[test]
    fn the_exit_codes_are_those_of_the_enum() {
        for (exit, words) in [
            (Exit::Done, "done"),
            (Exit::Failed, "failed while running"),
            (Exit::Wrong, "the command line"),
            (Exit::Stopped, "stopped on purpose"),
        ] {
            assert!(super::RLHF.contains(&format!("{} {words}", exit as u8)), "{exit:?}");
        }
    }
}
