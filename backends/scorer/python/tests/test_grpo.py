"""TRL's GRPOTrainer, where it is installed: two steps of a tiny network, with nothing downloaded."""

import pytest
from test_scorer import TINY

from rlhf_scorer import Scorer, reward_function

trl = pytest.importorskip("trl", reason="TRL is not installed: pip install trl")

PLAIN = ["Hello", "Thank you", "Go", "May I"]
CONVERSATIONS = [[{"role": "user", "content": text}] for text in PLAIN]


def policy():
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

    ids = {char: i for i, char in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    end = ids["<end>"] = len(ids)
    tokenizer = Tokenizer(models.BPE(vocab=ids, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<end>", pad_token="<end>")
    tokenizer.chat_template = "{% for m in messages %}{{ m.content }}\n{% endfor %}"
    config = GPT2Config(
        vocab_size=len(ids), n_positions=64, n_embd=16, n_layer=1, n_head=2, bos_token_id=end, eos_token_id=end
    )
    return GPT2LMHeadModel(config), tokenizer


@pytest.mark.parametrize("prompts", [PLAIN, CONVERSATIONS], ids=["plain", "conversations"])
def test_a_scorer_is_a_reward_of_grpo(tmp_path, prompts):
    from datasets import Dataset

    reward, calls = reward_function(Scorer(TINY)), []

    def rlhf_scorer(prompts, completions, **kwargs):
        calls.append(reward(prompts, completions, **kwargs))
        return calls[-1]

    model, tokenizer = policy()
    config = trl.GRPOConfig(
        output_dir=str(tmp_path), max_steps=2, per_device_train_batch_size=4, num_generations=4,
        max_completion_length=6, logging_steps=1, report_to=[], save_strategy="no", use_cpu=True, bf16=False,
    )
    trainer = trl.GRPOTrainer(
        model=model, reward_funcs=rlhf_scorer, args=config,
        train_dataset=Dataset.from_dict({"prompt": prompts}), processing_class=tokenizer,
    )
    trainer.train()
    logged = [entry["rewards/rlhf_scorer/mean"] for entry in trainer.state.log_history if "loss" in entry]
    assert logged == pytest.approx([sum(rewards) / len(rewards) for rewards in calls], rel=1e-5)
    assert len(calls) == 2 and len({reward for rewards in calls for reward in rewards}) > 1
