import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import rlhf_scorer
from rlhf_scorer import ContextError, Scorer, ScorerError, reward_function, transcript

# The file of FORMAT.md, and the bits that src/tests/fixture.rs has of it.
TINY = Path(__file__).parents[2] / "tests" / "tiny.rlhf"
SCORES = {"": 0xBDCBBA55, "Hello": 0xBDA0B295, "Thank you, friend.": 0xBDBCBCC7, "Go away!": 0xBBB3B24E}


@pytest.fixture
def scorer():
    return Scorer(TINY)


def bits(score):
    assert isinstance(score, float)
    return int(np.float32(score).view(np.uint32))


def test_scores_have_the_bits_of_rust(scorer):
    assert [bits(scorer.score(text)) for text in SCORES] == list(SCORES.values())
    scores = scorer.scores(list(SCORES))
    assert scores.dtype == np.float32 and scores.view(np.uint32).tolist() == list(SCORES.values())
    ids = [*b"Hello", 256]
    for score in (scorer.score_reply("Hel", "lo"), scorer.score_tokens(ids), scorer.score_tokens(np.array(ids))):
        assert bits(score) == SCORES["Hello"]
    assert bits(Scorer.from_bytes(TINY.read_bytes(), context=20).score("Hello")) == SCORES["Hello"]


def test_a_comparison_is_the_log_odds_of_two_scores(scorer):
    odds = 1 / (1 + np.exp(scorer.score("Go away!") - scorer.score("Hello")))
    assert scorer.compare("Hello", "Go away!") == pytest.approx(odds, abs=1e-6)
    assert scorer.compare_replies("He", "llo", "y") == scorer.compare("Hello", "Hey")


def test_threads_share_a_scorer(scorer):
    with ThreadPoolExecutor(8) as pool:
        for scores in pool.map(lambda _: scorer.scores(list(SCORES) * 50), range(16)):
            assert scores.view(np.uint32).tolist() == list(SCORES.values()) * 50


def test_other_threads_run_while_it_scores(scorer):
    texts, ticks = ["Thank you, friend."] * 20_000, 0
    thread = threading.Thread(target=scorer.scores, args=(texts,))
    thread.start()
    while thread.is_alive():
        time.sleep(0.001)
        ticks += 1
    # Were the interpreter's lock kept, this thread would wait for all of them.
    assert ticks > 10


def test_the_types_are_those_of_the_class():
    stub = (Path(rlhf_scorer.__file__).parent / "_native.pyi").read_text()
    said = {line.split("def ")[1].split("(")[0] for line in stub.splitlines() if line.startswith("    def ")}
    public = {name for name in vars(Scorer) if not name.startswith("_")}
    assert said - {"__new__"} == public


def test_bad_files_raise(tmp_path):
    with pytest.raises(FileNotFoundError) as raised:
        Scorer(tmp_path / "none.rlhf")
    assert str(raised.value.filename).endswith("none.rlhf")
    (tmp_path / "other.rlhf").write_bytes(b"no model")
    with pytest.raises(ScorerError, match="other.rlhf: .*rlhf export"):
        Scorer(tmp_path / "other.rlhf")
    data = bytearray(TINY.read_bytes())
    data[3000] ^= 4
    with pytest.raises(ScorerError, match="damaged: copy it again"):
        Scorer.from_bytes(bytes(data))
    with pytest.raises(ScorerError, match="cut off"):
        Scorer.from_bytes(TINY.read_bytes()[:-1])
    with pytest.raises(ContextError, match="tiny.rlhf: 65 tokens"):
        Scorer(TINY, context=65)


def test_bad_texts_raise(scorer):
    with pytest.raises(ContextError, match="text 1: .*the context holds 64"):
        scorer.scores(["fits", "x" * 65])
    with pytest.raises(ScorerError, match="no token"):
        scorer.score_tokens([])
    with pytest.raises(ScorerError, match="token 257 at position 1"):
        scorer.score_tokens([1, 257])
    with pytest.raises(OverflowError):
        scorer.score_tokens([-1])
    with pytest.raises(UnicodeEncodeError):
        scorer.score("\ud800")


def test_rewards_of_texts_and_conversations(scorer):
    reward = reward_function(scorer)
    assert reward(prompts=["Hel"], completions=["lo"], completion_ids=[[1]]) == [scorer.score("Hello")]
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Tea?"}]
    reply = [{"role": "assistant", "content": "No.\n"}]
    assert transcript(messages, reply) == ("\n\nHuman: Be brief.\n\nTea?\n\nAssistant:", " No.")
    assert reward([messages], [reply]) == [scorer.score("\n\nHuman: Be brief.\n\nTea?\n\nAssistant: No.")]
    with pytest.raises(ContextError):
        reward(["a"], ["b" * 64])
    assert reward_function(scorer, too_long=-2.0)(["a"], ["b" * 64]) == [-2.0]
    with pytest.raises(ValueError, match="want a text"):
        transcript([{"role": "user", "content": None}], reply)
