//! Faults, and the checks that have to name them: those and no others.

macro_rules! faults {
    ($($(#[$doc:meta])* $fault:ident: $($check:literal)+;)*) => {
        /// What is wrong with a backend.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Fault {
            /// It is correct.
            Nothing,
            $($(#[$doc])* $fault),*
        }

        /// Every fault with the checks that fail.
        pub const FAULTS: &[(Fault, &[&str])] = &[$((Fault::$fault, &[$($check),*])),*];
    };
}

faults! {
    /// Every seed makes the same network.
    IgnoresSeed: "reference/repeats" "critic/repeats" "reward/repeats" "parameters/round_trip";
    /// Outputs stay unwritten where nothing is in the loss mask.
    ReturnsEarly: "reference/writes" "reference/causal" "reference/company";
    /// Log-probabilities of tokens that nobody asked about.
    WritesUnowed: "reference/writes";
    /// Probabilities that do not sum to 1.
    NotNormalized: "reference/sums_to_one" "reference/temperature" "policy/scored" "learner/shows_scores"
        "learner/entropy" "rows/scored" "candidates/scored";
    /// The log-probability of the token before.
    ScoresEarlierToken: "reference/sums_to_one" "reference/temperature" "policy/scored" "policy/draws"
        "policy/filters" "policy/repetition" "policy/positions" "learner/shows_scores" "learner/entropy"
        "rows/scored" "candidates/scored";
    /// A scorer without temperature.
    ScoresAtOne: "reference/temperature" "policy/scored" "learner/shows_scores" "learner/entropy"
        "rows/scored" "candidates/scored";
    /// The sequence before leaks into the next.
    ReadsNeighbor: "reference/sums_to_one" "reference/temperature" "reference/company" "reference/order"
        "policy/scored" "policy/greedy" "learner/entropy" "learner/splits" "learner/entropy_splits"
        "critic/company" "critic/order" "learn_values/splits" "reward/company" "reward/order" "rows/company"
        "candidates/company";
    /// The longest sequence of a batch leaks into the others.
    ReadsPadding: "reference/company" "policy/scored" "learner/entropy" "learner/splits"
        "learner/entropy_splits" "critic/company" "learn_values/splits" "reward/company"
        "learn_scores/splits" "rows/company" "candidates/company";
    /// A later token leaks into earlier ones.
    ReadsFuture: "reference/causal" "policy/scored" "learner/entropy" "critic/causal" "critic/company"
        "critic/order" "learn_values/splits" "reward/company" "reward/order" "learn_scores/splits";
    /// Another value at each call.
    Drifts: "critic/causal" "critic/company" "critic/order" "critic/repeats" "critic/refusals"
        "learn_values/shows_scores";
    /// Ids are taken modulo the vocabulary.
    AcceptsAnyToken: "reference/refusals" "policy/limits" "critic/refusals" "learn_values/bad_text"
        "reward/refusals" "learn_scores/bad_text" "rows/refusals" "candidates/refusals";
    /// Sequences beyond the context.
    AcceptsAnyLength: "reference/refusals" "policy/limits" "learner/bad_text" "critic/refusals"
        "learn_values/bad_text" "reward/refusals" "learn_scores/bad_text" "rows/refusals"
        "candidates/refusals";
    /// A sampler without temperature.
    SamplesAtOne: "policy/draws";
    /// A sampler without top-k, top-p and min-p.
    IgnoresFilters: "policy/filters" "policy/repetition";
    /// A sampler without the penalty on repetition.
    IgnoresRepetition: "policy/repetition";
    /// Log-probabilities after the filters.
    ReturnsFiltered: "policy/scored";
    /// Log-probabilities without temperature.
    ReturnsAtOne: "policy/scored";
    /// Draws without the offset.
    IgnoresFirst: "policy/keys" "policy/first";
    /// Draws without the prompt's index.
    IgnoresIndex: "policy/keys" "policy/first" "policy/draws" "policy/filters" "policy/positions";
    /// Draws without the key's step.
    IgnoresStep: "policy/keys";
    /// Draws without the token's position.
    IgnoresPosition: "policy/positions";
    /// Draws that depend on how many prompts there are.
    DrawsInCompany: "policy/company" "policy/first";
    /// Greedy sampling that is not.
    GreedyDraws: "policy/greedy";
    /// Stop tokens do not stop.
    RunsOnAfterStop: "policy/endings";
    /// An end token reported as a length.
    CallsEosLength: "policy/endings";
    /// The last place of the context stays empty.
    StopsEarly: "policy/scored" "policy/company" "policy/first" "policy/limits";
    /// A response where there is no room.
    AcceptsFullPrompt: "policy/limits";
    /// A response of a token where none was allowed.
    AcceptsNoTokens: "policy/limits";
    /// Ascent.
    WrongSign: "learner/gradient" "learner/learns" "learn_rows/as_scalars" "learn_candidates/as_scalars"
        "parameters/directions";
    /// The last loss token teaches nothing.
    MissesToken: "learner/gradient" "learner/left_out" "learner/entropy_gradient" "learner/entropy_left_out"
        "learner/splits" "learner/entropy_splits" "learn_rows/as_scalars" "learn_candidates/as_scalars"
        "parameters/directions";
    /// A denominator of its own.
    MeanOverCall: "learner/gradient" "learner/splits" "learn_rows/as_scalars" "learn_candidates/as_scalars"
        "parameters/directions";
    /// A gradient without 1/T.
    TemperatureNotPulled: "learner/gradient" "learner/entropy_gradient" "learn_rows/as_scalars"
        "learn_candidates/as_scalars" "parameters/directions";
    /// Entropies in bits.
    EntropyInBits: "learner/entropy" "learner/entropy_gradient";
    /// Entropies that teach nothing.
    NoEntropyGradient: "learner/entropy_gradient" "learner/entropy_left_out";
    /// Entropies for who did not ask.
    ShowsEntropyUnasked: "learner/contract";
    /// Tiles for an objective that couples its tokens.
    TilesSequences: "learner/contract" "learner/entropy_contract";
    /// Another loss than the objective's.
    HalvesLoss: "learner/contract" "learner/entropy_contract" "learn_values/contract"
        "learn_scores/contract";
    /// `zero_grad` does not.
    ForgetsNothing: "learner/forgets" "learn_values/forgets" "learn_scores/forgets";
    /// A step does not forget.
    StepKeepsGradient: "learner/forgets" "learn_values/forgets" "learn_scores/forgets" "parameters/adamw";
    /// An error does not forget.
    ErrorKeepsGradient: "learner/objective_error" "learner/bad_text" "learn_values/objective_error"
        "learn_values/bad_text" "learn_scores/objective_error" "learn_scores/bad_text"
        "learn_rows/objective_error" "learn_candidates/refusals";
    /// The norm after clipping.
    NormAfterClip: "learner/norm_and_clip" "learn_values/norm_and_clip" "learn_scores/norm_and_clip";
    /// No clipping.
    DoesNotClip: "learner/norm_and_clip" "learn_values/norm_and_clip" "learn_scores/norm_and_clip"
        "parameters/adamw";
    /// A step with NaN that says nothing.
    AcceptsNan: "learner/not_finite" "learn_values/not_finite" "learn_scores/not_finite";
    /// A step with NaN that is refused too late.
    NanTouchesWeights: "learner/not_finite";
    /// Adam without the W.
    NoWeightDecay: "parameters/adamw";
    /// Adam without first moments.
    NoMomentum: "learner/adamw" "learn_values/adamw" "learn_scores/adamw" "parameters/adamw";
    /// Values of the state before a token.
    ValuesBeforeToken: "critic/after_its_token" "reward/after_last_token";
    /// Gradients of values one token early.
    ValueGradientShifted: "learn_values/gradient" "learn_values/splits";
    /// Scores at the first token.
    ScoresFirstToken: "reward/after_last_token";
    /// An average that starts at 0.
    AverageStartsAtZero: "averaged/starts_at_weights" "averaged/decay" "averaged/refusals";
    /// 1 − decay.
    DecayReversed: "averaged/decay";
    /// A swap with no average, accepted.
    SwapsWithNothing: "averaged/refusals";
    /// Rows in falling order.
    RowsBackwards: "rows/order" "rows/company" "learn_rows/shows_rows";
    /// Rows divided by the temperature.
    RowsDivided: "rows/scored" "learn_rows/shows_rows";
    /// Gradients of rows divided by the temperature.
    RowGradientDivided: "learn_rows/gradient" "learn_rows/as_scalars";
    /// The unlikeliest ids first.
    TopRises: "candidates/top";
    /// Candidates without temperature.
    CandidatesAtOne: "candidates/scored" "learn_candidates/gradient";
    /// A k of 0.
    AcceptsNoCandidates: "candidates/refusals";
    /// Only the first candidate teaches.
    PullsFirstCandidate: "learn_candidates/gradient";
    /// A gradient that was taken stays.
    TakeKeepsGradient: "parameters/take_gradient" "parameters/adamw";
    /// Setting weights resets the optimizer.
    WriteResetsMoments: "parameters/adamw";
    /// A sampler that reads the weights of its first call.
    StaleSampler: "todo";
    /// A scorer that does.
    StaleScorer: "todo";
    /// A critic that does.
    StaleCritic: "todo";
    /// A reward model that does.
    StaleReward: "todo";
    /// Rows that do.
    StaleRows: "todo";
    /// Candidates that do.
    StaleCandidates: "todo";
    /// The first step's learning rate for all.
    KeepsFirstRate: "todo";
    /// Its decays of the moments.
    KeepsFirstBetas: "todo";
    /// Its ε.
    KeepsFirstEpsilon: "todo";
    /// Its weight decay.
    KeepsFirstDecay: "todo";
    /// Its clipping.
    KeepsFirstClip: "todo";
    /// Weight decay beside the gradient, though asked for within.
    DecayAlwaysDecoupled: "todo";
    /// ε at the corrected root, though asked for at the raw one.
    EpsilonAlwaysCorrected: "todo";
    /// Moments without the correction for their start.
    NoBiasCorrection: "todo";
    /// A refused step that is counted.
    CountsRefusedSteps: "todo";
    /// A refused step that changes the moments.
    RefusedStepDecaysMoments: "todo";
    /// A refused step that keeps its gradient.
    RefusedStepKeepsGradient: "todo";
    /// One id's weights learn nothing.
    MissesRow: "todo";
    /// One id's value learns nothing.
    MissesValueOfId: "todo";
    /// Tokens beyond the seventh teach nothing.
    LearnsShortTexts: "todo";
    /// Sequences beyond the 32nd teach nothing.
    LearnsTilesOf32: "todo";
    /// The cumulative distribution from its end.
    DrawsFromTheEnd: "todo";
    /// Draws without the key's seed.
    IgnoresKeySeed: "todo";
    /// Draws without the key's stream.
    IgnoresStream: "todo";
    /// Of equally probable ids the last.
    LastOfTies: "todo";
    /// A penalty on repetition that forgets the response.
    PenalizesPromptAlone: "todo";
    /// Sequences beyond the 32nd are read wrongly.
    TilesOf32Sequences: "todo";
    /// Tokens beyond the 1,024th are.
    TilesOf1024Tokens: "todo";
    /// Prompts beyond the 64th draw as the first.
    TilesOf64Prompts: "todo";
    /// A softmax that overflows.
    NaiveSoftmax: "todo";
    /// No probability below 1e-4.
    FloorsProbabilities: "todo";
    /// The loss of nothing is no number.
    MeanOfNothing: "todo";
    /// A batch of no sequence is an error.
    RefusesNothing: "todo";
    /// Moments are not saved.
    SavesNoMoments: "todo";
    /// The count of steps is not.
    SavesNoSteps: "todo";
    /// The average is not.
    SavesNoAverage: "todo";
    /// The value head is not.
    SavesNoValues: "todo";
    /// Half of the weights is not saved.
    SavesHalf: "saved/round_trip";
}
