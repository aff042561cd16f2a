"""PyTorch on sequences of unequal length, padded: a training step. Run by tests/bench_peers beside the peers' scripts.

    python bench_peers_ragged.py SIZE LENGTH...
"""
import sys

sys.path.insert(0, "")
from bench_common import *
import torch
from transformers import GPT2Config, GPT2LMHeadModel

size, lengths = sys.argv[1], [int(length) for length in sys.argv[2:]]
torch.set_num_threads(TH)
torch.manual_seed(0)
plain = dict(n_positions=1024, resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0, bos_token_id=0, eos_token_id=0)
model = GPT2LMHeadModel(GPT2Config(**SIZES[size], **plain)).train()
optimiser = torch.optim.AdamW(model.parameters(), lr=1e-5, fused=True)
tokens = torch.zeros(len(lengths), max(lengths), dtype=torch.long)
mask = torch.zeros_like(tokens)
for row, length in enumerate(lengths):
    tokens[row, :length] = torch.randint(1, model.config.vocab_size, (length,))
    mask[row, :length] = 1
labels = tokens.masked_fill(mask == 0, -100)


def step():
    optimiser.zero_grad(set_to_none=True)
    model(input_ids=tokens, attention_mask=mask, labels=labels, use_cache=False).loss.backward()
    optimiser.step()


seen = summ(timeit(step, 1, 5, 20), sum(lengths))
seen.update(size=size, what="ragged_train_step_padded")
print(size, line(seen), flush=True)
write("ragged", {"meta": meta(), "runs": [seen]})
