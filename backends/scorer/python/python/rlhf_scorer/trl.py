"""A scorer as a reward of TRL's trainers."""

from collections.abc import Callable, Mapping, Sequence

from ._native import ContextError, Scorer

HUMAN = "\n\nHuman:"
ASSISTANT = "\n\nAssistant:"

Message = Mapping[str, object]


def reward_function(
    scorer: Scorer,
    *,
    render: Callable[[Sequence[Message], Sequence[Message]], tuple[str, str]] | None = None,
    too_long: float | None = None,
) -> Callable[..., list[float]]:
    """A reward function as TRL's `GRPOTrainer(reward_funcs=...)` calls it.

    Texts go to the scorer as they are. `render` makes a prompt and a reply of a conversation's messages: without it,
    `transcript`, the form that rlhf trains reward models on. `too_long` is the reward of a reply that does not fit into the
    context: without it, that raises `ContextError`.
    """
    render = render or transcript

    # TRL logs rewards by the function's name.
    def rlhf_scorer(prompts: Sequence, completions: Sequence, **_: object) -> list[float]:
        rewards = []
        for prompt, completion in zip(prompts, completions, strict=True):
            if not isinstance(prompt, str):
                prompt, completion = render(prompt, completion)
            try:
                rewards.append(scorer.score_reply(prompt, completion))
            except ContextError:
                if too_long is None:
                    raise
                rewards.append(too_long)
        return rewards

    return rlhf_scorer


def transcript(prompt: Sequence[Message], completion: Sequence[Message]) -> tuple[str, str]:
    """The prompt and the reply of a conversation as rlhf trains on them: `"\\n\\nHuman: Hi\\n\\nAssistant:"`, `" Hello"`.

    What the system says stands before the next turn of a person.
    """
    if not completion or completion[0].get("role") != "assistant":
        raise ValueError("a completion begins with a message of the assistant")
    if prompt and prompt[-1].get("role") == "assistant":
        # The completion goes on with it.
        return _turns(prompt), _text(completion[0]) + _turns(completion[1:])
    return _turns(prompt) + ASSISTANT, _turns(completion).removeprefix(ASSISTANT)


def _turns(messages: Sequence[Message]) -> str:
    turns, system, before = [], [], None
    for message in messages:
        role, text = message.get("role"), _text(message).strip()
        if role == "system":
            system.append(text)
            continue
        if role == "tool" and before == "tool":
            # Several tools answer together.
            turns.append(f"\n\n{text}")
        elif role in ("user", "tool"):
            turns.append(f"{HUMAN} " + "\n\n".join([*system, text]))
            system = []
        elif role == "assistant":
            turns += [f"{HUMAN} " + "\n\n".join(system)] if system else []
            turns.append(f"{ASSISTANT} {text}")
            system = []
        else:
            raise ValueError(f"role {role!r}: want system, user, assistant or tool")
        before = role
    turns += [f"{HUMAN} " + "\n\n".join(system)] if system else []
    return "".join(turns)


def _text(message: Message) -> str:
    content = message.get("content")
    if isinstance(content, str):
        return content
    if isinstance(content, Sequence) and all(isinstance(p, Mapping) and p.get("type") == "text" for p in content):
        return "".join(part["text"] for part in content)
    raise ValueError(f"content {content!r}: want a text")
