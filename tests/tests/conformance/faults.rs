//! Faults, and the checks that have to name them: those and no others.

macro_rules! faults {
    ($($fault:ident: $($check:literal)+;)*) => {
        /// What is wrong with a backend.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Fault {
            Nothing,
            $($fault),*
        }

        /// Every fault with the checks that fail.
        pub const FAULTS: &[(Fault, &[&str])] = &[$((Fault::$fault, &[$($check),*])),*];
    };
}

faults! {
    IgnoresSeed: "?";
    LeavesLast: "?";
    WritesUnowed: "?";
    NotNormalised: "?";
    ScoresEarlierToken: "?";
    ScoresAtOne: "?";
    ReadsNeighbour: "?";
    ReadsPadding: "?";
    ReadsFuture: "?";
    Drifts: "?";
    AcceptsAnyToken: "?";
    AcceptsAnyLength: "?";
    SamplesAtOne: "?";
    IgnoresFilters: "?";
    ReturnsFiltered: "?";
    ReturnsAtOne: "?";
    IgnoresFirst: "?";
    IgnoresIndex: "?";
    IgnoresStep: "?";
    IgnoresPosition: "?";
    DrawsInCompany: "?";
    GreedyDraws: "?";
    RunsOnAfterStop: "?";
    CallsEosLength: "?";
    StopsEarly: "?";
    AcceptsFullPrompt: "?";
    AcceptsNoTokens: "?";
    WrongSign: "?";
    MissesToken: "?";
    MeanOverCall: "?";
    TemperatureNotPulled: "?";
    EntropyInBits: "?";
    NoEntropyGradient: "?";
    ShowsEntropyUnasked: "?";
    TilesSequences: "?";
    HalvesLoss: "?";
    ForgetsNothing: "?";
    StepKeepsGradient: "?";
    ErrorKeepsGradient: "?";
    NormAfterClip: "?";
    DoesNotClip: "?";
    AcceptsNan: "?";
    NanTouchesWeights: "?";
    NoWeightDecay: "?";
    NoMomentum: "?";
    ValuesBeforeToken: "?";
    ValueGradientShifted: "?";
    ScoresFirstToken: "?";
    AverageStartsAtZero: "?";
    DecayReversed: "?";
    SwapsWithNothing: "?";
    RowsBackwards: "?";
    RowsDivided: "?";
    RowGradientDivided: "?";
    TopRises: "?";
    CandidatesAtOne: "?";
    AcceptsNoCandidates: "?";
    PullsFirstCandidate: "?";
    TakeKeepsGradient: "?";
    WriteResetsMoments: "?";
    SavesHalf: "?";
}
