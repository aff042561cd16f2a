use crate::trainers::world::{ANSWERS, SFT, STOPPING, WHO, ended, gladness, prompts};
use rlhf::train::profile::{DistillationTraining, Profile, WarmUpLength};
use rlhf::train::{Distil, Examples, TrainError, now, supervised};
use rlhf_core::loss::Divergence;
use rlhf_core::model::Architecture;
use rlhf_core::model::tokenizer::{Bytes, Tokenizer};
use rlhf_cpu::{Cpu, Model};
use std::sync::LazyLock;

/// One that is glad nine times in ten.
static TEACHER: LazyLock<Model> = LazyLock::new(|| {
    let mut model = SFT.clone();
    let often = |answer| if answer == "glad." { 27 } else { 1 };
    let texts = WHO
        .into_iter()
        .flat_map(|who| ANSWERS.into_iter().flat_map(move |a| vec![(Bytes.encode(who), ended(a)); often(a)]));
    let mut sft = Profile::instructgpt().supervised.unwrap();
    (sft.optimizer.learning_rate, sft.epochs, sft.batch, sft.dropout) = (3e-3, 40, 60, 0.0);
    now(supervised(&mut model, &Examples::try_from_iter(texts).unwrap(), &sft, 1, &mut |_| {})).unwrap();
    model
});

/// Every answer to everyone, as often as the others.
fn texts() -> Examples {
    let all = WHO.into_iter().flat_map(|who| ANSWERS.map(|answer| (Bytes.encode(who), ended(answer))));
    Examples::try_from_iter(all).unwrap()
}

fn quick(mut settings: DistillationTraining) -> DistillationTraining {
    let passes = &mut settings.passes;
    (passes.epochs, passes.batch) = (120, 8);
    (passes.optimizer.learning_rate, passes.optimizer.warm_up) = (3e-3, WarmUpLength::Steps(0));
    settings
}

/// The student after all steps, and the divergence a token of the first and the last.
fn learn(settings: DistillationTraining, top: Option<usize>) -> (Model, [f64; 2]) {
    let (mut student, mut teacher, texts) = (SFT.clone(), TEACHER.clone(), texts());
    let mut steps = Distil::new(&texts, &STOPPING, &settings, 1).unwrap();
    let mut seen = Vec::new();
    while let Some((_, part)) = match top {
        None => now(steps.step(&mut student, &mut teacher)).unwrap(),
        Some(k) => now(steps.step_from_candidates(&mut student, &mut teacher, k)).unwrap(),
    } {
        seen.push(part.divergence / part.tokens as f64);
    }
    assert_eq!(seen.len(), settings.passes.epochs as usize);
    (student, [seen[0], seen[seen.len() - 1]])
}

#[test]
fn a_student_takes_over_what_its_teacher_prefers() {
    let (before, taught) = (gladness(&SFT), gladness(&TEACHER));
    assert!(before < 0.4 && taught > 0.8, "{before} {taught}");
    let gkd = DistillationTraining::gkd();
    let reverse = DistillationTraining { own: 1.0, ..gkd };
    let mut reverse = quick(reverse);
    reverse.objective.divergence = Divergence::Reverse;
    for (settings, top) in [
        (quick(DistillationTraining::offline()), None),
        (quick(DistillationTraining::offline()), Some(4)),
        (quick(gkd), None),
        (reverse, None),
    ] {
        let (student, [first, last]) = learn(settings, top);
        let after = gladness(&student);
        println!("λ {}, {top:?}: {before:.2} to {after:.2}, {first:.4} to {last:.5} nats", settings.own);
        assert!((after - taught).abs() < 0.1, "{after}, the teacher {taught}");
        assert!(last < 0.1 * first, "{first} to {last}");
    }
}

#[test]
fn a_teacher_that_is_the_student_teaches_nothing() {
    let (mut student, mut teacher, texts) = (SFT.clone(), SFT.clone(), texts());
    let mut settings = quick(DistillationTraining::gkd());
    settings.passes.epochs = 3;
    let mut steps = Distil::new(&texts, &STOPPING, &settings, 1).unwrap();
    while let Some((step, seen)) = now(steps.step(&mut student, &mut teacher)).unwrap() {
        assert_eq!((step.loss, step.gradient, seen.divergence), (0.0, 0.0, 0.0));
    }
    assert_eq!(student.weights(), SFT.weights());
}

#[test]
fn a_run_goes_on_to_the_same_bits() {
    let mut settings = quick(DistillationTraining::gkd());
    (settings.passes.batch, settings.passes.epochs) = (3, 2);
    let texts = texts();
    let run = |student: &mut Model, from: u64, to: u64| {
        let mut steps = Distil::new(&texts, &STOPPING, &settings, 1).unwrap().after(from);
        let mut teacher = TEACHER.clone();
        (from..to).for_each(|_| assert!(now(steps.step(student, &mut teacher)).unwrap().is_some()));
    };
    let (mut whole, mut parts) = (SFT.clone(), SFT.clone());
    run(&mut whole, 0, 6);
    run(&mut parts, 0, 4);
    run(&mut parts, 4, 6);
    assert_eq!(whole.weights(), parts.weights());
}

#[test]
fn what_is_not_finite_stops_a_step_and_says_where() {
    let texts = texts();
    let settings = quick(DistillationTraining::offline());
    let mut broken = SFT.weights().to_vec();
    broken.fill(f32::NAN);
    let architecture = Architecture::gpt2(257, 24, 24, 1, 2);
    let mut teacher = Model::from_weights(&Cpu::default(), architecture, broken).unwrap();
    let mut student = SFT.clone();
    let mut steps = Distil::new(&texts, &STOPPING, &settings, 1).unwrap();
    let got = now(steps.step(&mut student, &mut teacher));
    let Err(TrainError::Guard(fault)) = got else { panic!("{got:?}") };
    assert_eq!((fault.offenders.len(), student.weights()), (8, SFT.weights()));
    let nothing = prompts(2);
    let none = Distil::new(&nothing, &STOPPING, &settings, 1);
    assert!(matches!(none, Err(TrainError::Nothing { what: "texts" })));
}
