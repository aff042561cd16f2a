//! Guarantees of the world to the run that it feeds, on several seeds.

use super::*;
use rlhf::statistics::{agreement, win_rate};
use rlhf_core::sampling::FinishReason::{Eos, Length};

const SEEDS: [u64; 4] = [0, 1, 42, u64::MAX];

/// Every training prompt with a demonstration.
fn demonstrations(world: &World) -> Vec<(Prompt, Vec<u32>)> {
    world.train().iter().zip(0..).map(|(p, i)| (*p, world.demonstration(i, p))).collect()
}

fn golds(answers: &[(Prompt, Vec<u32>)]) -> Vec<f64> {
    answers.iter().map(|(p, a)| gold(p, a, Eos)).collect()
}

fn average(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[test]
fn splits_are_disjoint_and_no_training_text_tells_a_test_prompt() {
    for seed in SEEDS {
        let world = World::new(seed);
        assert_eq!((world.train().len(), world.test().len()), (Prompt::COUNT - TESTS, TESTS));
        let mut all: Vec<_> = world.train().iter().chain(world.test()).map(Prompt::index).collect();
        all.sort_unstable();
        assert!(all.into_iter().eq(0..Prompt::COUNT));
        let kept: Vec<_> = world.test().iter().map(|p| (p, p.tokens())).collect();
        for i in 0..1000 {
            let text = world.corpus(i);
            let story = if Prompt::parse(&text).is_some() { &text[10..] } else { &text[..] };
            assert!(kept.iter().all(|(_, tokens)| !text.starts_with(tokens)));
            assert!(kept.iter().all(|(p, _)| !success(p, story, Eos)), "{}", decode(&text));
        }
    }
    assert_ne!(World::new(1).test(), World::new(2).test());
}

/// Of the four slots each is kept nine times in ten, so that two stories in three keep all; and some of these fail for
/// other reasons.
#[test]
fn a_third_of_the_corpus_tells_another_story_than_its_prompt() {
    for seed in SEEDS {
        let world = World::new(seed);
        let texts = (0..2000).map(|i| world.corpus(i));
        let told: Vec<_> =
            texts.filter_map(|text| Prompt::parse(&text).map(|p| success(&p, &text[10..], Eos))).collect();
        let share = told.iter().filter(|told| **told).count() as f64 / told.len() as f64;
        assert!((0.42..0.6).contains(&share), "{share}");
    }
}

#[test]
fn every_corpus_text_parses_and_repeats() {
    let world = World::new(7);
    let (mut prompted, mut tokens) = (0, 0);
    for i in 0..4000 {
        let text = world.corpus(i);
        assert_eq!(text, world.corpus(i));
        let (mut story, end) = (&text[..text.len() - 1], text[text.len() - 1]);
        if Prompt::parse(&text).is_some() {
            story = &story[10..];
            prompted += 1;
        }
        assert_eq!((grammar::read(story).grammatical, end), (1.0, END), "{}", decode(&text));
        assert!((12..=36).contains(&text.len()), "{}", decode(&text));
        tokens += text.len();
    }
    assert!((2800..3200).contains(&prompted), "{prompted}");
    assert!((80_000..120_000).contains(&tokens), "{tokens}");
}

#[test]
fn demonstrators_are_careless_and_there_is_headroom() {
    for seed in SEEDS {
        let demos = demonstrations(&World::new(seed));
        let n = demos.len() as f64;
        let successes = demos.iter().filter(|(p, a)| success(p, a, Eos)).count() as f64 / n;
        let best: Vec<_> = demos.iter().map(|(p, _)| (*p, ideal(p))).collect();
        assert!(best.iter().all(|(p, a)| success(p, a, Eos)));
        let wins = win_rate(&golds(&best), &golds(&demos)).unwrap().value;
        println!(
            "success {successes:.3}, gold {:.3}, ideal {:.3}, ideal wins {wins:.3}, tokens {:.1}, at most {:?}",
            average(&golds(&demos)),
            average(&golds(&best)),
            demos.iter().map(|(_, a)| a.len() as f64).sum::<f64>() / n,
            demos.iter().map(|(_, a)| a.len()).max(),
        );
        assert!((0.35..=0.55).contains(&successes), "{successes}");
        assert!(wins >= 0.85, "{wins}");
    }
}

#[test]
fn two_answers_to_a_prompt_seldom_tie() {
    for seed in SEEDS {
        let world = World::new(seed);
        let tied = world
            .train()
            .iter()
            .zip(0..)
            .filter(|(p, i)| {
                let of = |n| gold(p, &world.demonstration(n, p), Eos);
                of(2 * i) == of(2 * i + 1)
            })
            .count() as f64
            / world.train().len() as f64;
        println!("ties {tied:.3}");
        assert!(tied < 0.1, "{tied}");
    }
}

#[test]
fn no_constant_answer_does_well() {
    let world = World::new(3);
    let demos: Vec<_> = world.test().iter().zip(0..).map(|(p, i)| (*p, world.demonstration(i, p))).collect();
    // A model that copies a slot only seven times in ten, as the corpus does.
    let weak: Vec<_> = (0..4000)
        .filter_map(|i| {
            let text = world.corpus(i);
            Prompt::parse(&text).map(|p| (p, text[10..].to_vec()))
        })
        .take(640)
        .collect();
    let mut constants: Vec<_> = (0..Prompt::COUNT).map(|i| ideal(&Prompt::from_index(i))).collect();
    constants.extend(demonstrations(&world).into_iter().map(|(_, a)| a));
    for (name, answers) in [("demonstrators", demos), ("weak model", weak)] {
        let rate = |constant: &[u32], few: usize| {
            let ours: Vec<_> = answers[..few].iter().map(|(p, _)| gold(p, constant, Eos)).collect();
            win_rate(&ours, &golds(&answers[..few])).unwrap().value
        };
        let best = constants.iter().max_by(|a, b| rate(a, 80).total_cmp(&rate(b, 80))).unwrap();
        let value = rate(best, answers.len());
        println!("against {name}: {} wins {value:.3}", decode(best));
        assert!(value <= 0.3, "{value}");
    }
}

#[test]
fn hacks_score_below_the_demonstrators_mean() {
    let prompt = Prompt { animal: 0, place: 0, mood: 0, tone: 0 };
    let demos: Vec<_> = (0..2000).map(|i| (prompt, World::new(5).demonstration(i, &prompt))).collect();
    let mean = average(&golds(&demos));
    let best = "hush , a happy soft fox sat softly in the forest .";
    let all_places: Vec<_> =
        PLACES.iter().map(|(by, place)| format!("a happy soft fox sat {by} the {place} .")).collect();
    for (answer, finish) in [
        ("", Eos),
        (".", Eos),
        ("fox forest happy gentle", Eos),
        ("fox forest happy gentle .", Eos),
        ("animal fox place forest mood happy tone gentle story :", Eos),
        ("soft little sweet dear softly quietly kindly tenderly .", Eos),
        ("a soft fox .", Eos),
        ("hush , it sat softly .", Eos),
        (&[best; 2].join(" "), Eos),
        (&[best; 4].join(" "), Eos),
        (best, Length),
        (&best.replace(" .", ""), Eos),
        (&all_places.join(" "), Eos),
        (&format!("{best} fox forest happy soft"), Eos),
        (&format!("{best} . . ."), Eos),
        ("hush , it sat softly . hush , it ran softly . hush , it hid softly .", Eos),
    ] {
        let tokens = encode(answer).unwrap();
        let score = gold(&prompt, &tokens, finish);
        assert!(score < mean, "{answer}: {score} against {mean}");
        assert!(!success(&prompt, &tokens, finish), "{answer}");
    }
    assert!(gold(&prompt, &encode(best).unwrap(), Eos) > mean);
    assert_eq!(gold(&prompt, &[u32::MAX, END], Eos), 0.0);
}

/// Each labeler's ranks of each prompt's answers.
fn rankings(labelers: &Labelers, prompts: &[Vec<Answer>]) -> Vec<Vec<Vec<u32>>> {
    let of =
        |(answers, i): (&Vec<Answer>, u32)| (0..LABELERS).map(|l| labelers.ranks(l, i, answers)).collect();
    prompts.iter().zip(0..).map(of).collect()
}

#[test]
fn labelers_agree_at_73_percent_on_answers_of_any_spread() {
    for seed in SEEDS {
        let world = World::new(seed);
        let answers = |prompt: &Prompt, i: u32, wanted: fn(f64) -> bool| -> Vec<Answer> {
            (0..)
                .map(|j| world.demonstration(1000 * i + j, prompt))
                .map(|a| Answer { gold: gold(prompt, &a, Eos), tokens: a.len() })
                .filter(|a| wanted(a.gold))
                .take(world.answers_wanted(i))
                .collect()
        };
        let sets: [fn(f64) -> bool; 3] = [|_| true, |g| g > 0.85, |g| !(0.5..0.9).contains(&g)];
        for (set, wanted) in sets.into_iter().enumerate() {
            let prompts: Vec<_> =
                world.train()[..250].iter().zip(0..).map(|(p, i)| answers(p, i, wanted)).collect();
            let labelers = Labelers::hire(seed, &prompts).unwrap();
            let ranked = rankings(&labelers, &prompts);
            let value = agreement(&ranked).unwrap();

            let (mut pairs, mut tied, mut right, mut longer) = (0.0, 0.0, 0.0, [0.0; 2]);
            for (answers, ranks) in prompts.iter().zip(&ranked) {
                for i in 0..answers.len() {
                    for j in (0..answers.len()).filter(|&j| answers[i].gold > answers[j].gold) {
                        for (l, ranks) in ranks.iter().enumerate() {
                            pairs += 1.0;
                            tied += f64::from(ranks[i] == ranks[j]);
                            right += f64::from(ranks[i] < ranks[j]);
                            let long = if answers[i].tokens > answers[j].tokens { i } else { j };
                            longer[usize::from(l < 2)] += f64::from(ranks[long] < ranks[i + j - long]);
                        }
                    }
                }
            }
            println!(
                "set {set}: agreement {value:.3}, ties {:.4}, as gold {:.3}, longer first {:.3} or {:.3}",
                tied / pairs,
                right / pairs,
                longer[0] / pairs * 5.0 / 3.0,
                longer[1] / pairs * 5.0 / 2.0,
            );
            assert!((value - 0.73).abs() <= 0.04, "{value}");
            assert!(tied / pairs < 0.02);
            assert!(longer[1] / 2.0 > longer[0] / 3.0, "lovers of length do not love it");
        }
    }
}

#[test]
fn answers_wanted_lie_between_4_and_9() {
    let mut seen = [0; 10];
    (0..3000).for_each(|i| seen[World::new(1).answers_wanted(i)] += 1);
    assert!(seen[..4].iter().all(|&n| n == 0) && seen[4..].iter().all(|&n| n > 400), "{seen:?}");
}

#[test]
fn labelers_refuse_what_cannot_be_ranked() {
    let answer = Answer { gold: 0.5, tokens: 9 };
    assert!(Labelers::hire(0, &[]).is_err());
    assert!(Labelers::hire(0, &[vec![answer]]).is_err());
    assert!(Labelers::hire(0, &[vec![answer, Answer { gold: f64::NAN, tokens: 1 }]]).is_err());
    // All alike: no noise is needed to tell them apart no better than a coin.
    let alike = Labelers::hire(0, &[vec![answer; 4]]).unwrap();
    assert_eq!(alike.ranks(0, 0, &[answer; 4]), [0; 4]);
}

#[test]
fn what_labelers_wish_can_be_over_optimized() {
    let world = World::new(3);
    let wished = |love: f64, n: u32| {
        let golds: Vec<_> = (world.train()[..300].iter().zip(0..))
            .filter_map(|(p, i)| {
                (0..n)
                    .map(|j| world.demonstration(n * i + j, p))
                    .map(|a| (gold(p, &a, Eos), a.len() as f64))
                    .max_by(|a, b| (a.0 + love * a.1).total_cmp(&(b.0 + love * b.1)))
            })
            .map(|best| best.0)
            .collect();
        average(&golds)
    };
    let answers: Vec<Vec<_>> = (world.train()[..300].iter().zip(0..))
        .map(|(p, i)| {
            let answers = (0..6).map(|j| world.demonstration(6 * i + j, p));
            answers.map(|a| Answer { gold: gold(p, &a, Eos), tokens: a.len() }).collect()
        })
        .collect();
    // Two of five add it, so this is what they wish on average.
    let love = 0.4 * Labelers::hire(3, &answers).unwrap().love;
    let [one, some, many] = [1, 16, 256].map(|n| wished(love, n));
    println!("gold of the best of 1, 16, 256 by the mean wish: {one:.3}, {some:.3}, {many:.3}");
    assert!(some > one + 0.05 && many < some - 0.01);
    assert!(wished(0.0, 256) > some, "without the love of length, more is better");
}
