#!/usr/bin/env bash
# Trains model.rlhf again, from nothing but data.awk: half a minute. Needs `rlhf` on the path.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
folder=$(mktemp -d)
awk -v seed=1 -v rows=600 -f data.awk >"$folder/pairs.jsonl"
awk -v seed=2 -v rows=200 -f data.awk >"$folder/held-out.jsonl"
mkdir "$folder/data"
# Every prompt with both replies is plain text for the base; the first 300 polite ones are demonstrations.
sed -E 's/^\{"prompt": "(.*)", "chosen": "(.*)", "rejected": "(.*)"\}$/\1 \2\n\1 \3/' "$folder/pairs.jsonl" >"$folder/text"
for _ in 1 2 3 4; do cat "$folder/text"; done >"$folder/data/text.txt"
head -n 300 "$folder/pairs.jsonl" | sed -E 's/"chosen": (".*"), "rejected": .*/"response": \1}/' >"$folder/data/demonstrations.jsonl"
cp "$folder/pairs.jsonl" "$folder/data/"
for step in pretrain sft reward; do
    rlhf "$step" run.toml --data "$folder/data" --out "$folder/run"
done
rlhf export "$folder/run/reward" --context 128 --pairs "$folder/held-out.jsonl" --out model.rlhf
rm -rf "$folder"
