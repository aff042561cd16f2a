//! temp
use rlhf::quickstart::*;
fn main() {
    let seed: u64 = std::env::args().nth(1).and_then(|s| s.parse().ok()).unwrap_or(0);
    let mut s = Settings::new(seed);
    for a in std::env::args().skip(2) {
        let (k, v) = a.split_once('=').unwrap();
        let v: f64 = v.parse().unwrap();
        let p = &mut s.profile;
        match k {
            "beta" => s = s.with_beta(v),
            "iters" => s.iterations = v as u32,
            "plr" => p.ppo.policy.learning_rate = v,
            "clr" => p.ppo.critic.learning_rate = v,
            "rlr" => p.reward.optimiser.learning_rate = v,
            "slr" => p.supervised.as_mut().unwrap().optimiser.learning_rate = v,
            "sep" => p.supervised.as_mut().unwrap().epochs = v as u32,
            "rank" => s.rankings = v as u32,
            "ptx" => p.ppo.pretraining.as_mut().unwrap().coefficient = v,
            "corpus" => s.corpus = v as u32,
            "demos" => s.demonstrations = v as u32,
            "pre" => s.pretraining.optimiser.learning_rate = v,
            "ema" => p.ppo.average = Some(v),
            "batch" => p.ppo.batch = Some(v as u32),
            "mb" => p.ppo.minibatches = v as u32,
            "ep" => p.ppo.epochs = v as u32,
            "rep" => p.reward.epochs = v as u32,
            "bon" => s.best_of = v as usize,
            "shuf" => s.labels = Labels::Shuffled,
            "pdrop" => p.ppo.dropout = v,
            _ => panic!("{k}"),
        }
    }
    let t = std::time::Instant::now();
    let o = run(
        &s,
        &std::env::var("TH").map_or_else(
            |_| rlhf_cpu::Cpu::default(),
            |t| rlhf_cpu::Cpu::new(t.parse().unwrap(), rlhf_cpu::Isa::best()),
        ),
        &mut |ph, n, total, msg| {
            if n == total || n % (total / 8).max(1) == 0 {
                eprintln!("{:6.1}s {ph:?} {n}/{total} {msg}", t.elapsed().as_secs_f64())
            }
        },
    )
    .unwrap();
    println!(
        "agree {:.3} sftsuccess {:.3} acc {:?} WIN {:?} gold {:?} proxy {:?} KL {:.2} distinct {:?} len {:?} secs {:?} total {:.1}",
        o.agreement,
        o.demonstrators,
        o.accuracy,
        o.win_rate,
        o.gold,
        o.proxy,
        o.kl,
        o.distinct,
        o.length,
        o.seconds,
        t.elapsed().as_secs_f64()
    );
    for p in &o.ppo_curve {
        println!("  ppo kl {:.2} gold {:.3} proxy {:.3}", p.kl, p.gold, p.proxy);
    }
    for p in &o.best_of_n {
        println!("  bon kl {:.2} gold {:.3} proxy {:.3}", p.kl, p.gold, p.proxy);
    }
    for x in &o.samples {
        println!(
            "{}\n   - {:.2} {}\n   + {:.2} {}",
            x.prompt.text(),
            x.before.1,
            world::decode(&x.before.0),
            x.after.1,
            world::decode(&x.after.0)
        );
    }
}
