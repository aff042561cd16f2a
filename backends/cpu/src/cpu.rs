//! The processor of an engine: an instruction set, a precision and some threads.

use crate::threads::{Parts, SHARE, Threads, Workers};
use alloc::sync::Arc;
use rlhf_core::network::{EngineError, Precision};
use rlhf_kernels::product::Factors;
use rlhf_kernels::{Isa, Processor};

/// An instruction set, a precision of products and some threads. Clones share the threads.
///
/// Results depend on the instruction set and the precision (both are in the name of the engine, which is worth recording),
/// never on the threads.
#[derive(Clone)]
pub struct Cpu {
    processor: Processor,
    factors: Factors,
    threads: Threads,
}

impl core::fmt::Debug for Cpu {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(
            f,
            "Cpu({}, {}, {} threads)",
            self.processor().name(),
            self.precision().name(),
            self.threads.count()
        )
    }
}

impl Default for Cpu {
    /// The best instruction set, and as many threads as the system offers.
    fn default() -> Self {
        #[cfg(feature = "std")]
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        #[cfg(not(feature = "std"))]
        let threads = 1;
        Self::new(threads, Isa::best())
    }
}

/// Returns `isa`, or the best there is where this processor lacks it.
fn on(isa: Isa) -> Processor {
    Processor::new(isa).unwrap_or_else(Processor::best)
}

impl Cpu {
    /// `threads` threads, the caller's included, on `isa`, or on the best there is where this
    /// processor lacks it. Without the `std` feature there is one thread: see [`Self::with_workers`].
    pub fn new(threads: usize, isa: Isa) -> Self {
        Self { processor: on(isa), factors: Factors::F32, threads: Threads::new(threads) }
    }

    /// The calling thread and `workers`, on `isa`, or on the best there is where this processor lacks it.
    pub fn with_workers(workers: Arc<dyn Workers>, isa: Isa) -> Self {
        Self { processor: on(isa), factors: Factors::F32, threads: Threads::of(workers) }
    }

    /// Returns it with another precision of the products with weights. Weights, norms, attention, losses and sums stay in
    /// f32.
    ///
    /// With [`Precision::Bf16`] both factors are rounded to bf16. That is faster where the processor multiplies bf16
    /// (AVX-512 BF16) and where weights come from memory: in sampling, for they take half of it.
    ///
    /// # Errors
    /// [`EngineError::Precision`] for [`Precision::F16`].
    pub fn with_precision(self, precision: Precision) -> Result<Self, EngineError> {
        let factors = match precision {
            Precision::F32 => Factors::F32,
            Precision::Bf16 => Factors::Bf16,
            Precision::F16 => return Err(EngineError::Precision { name: "cpu".into(), precision }),
        };
        Ok(Self { factors, ..self })
    }

    /// The precision of products with weights.
    pub fn precision(&self) -> Precision {
        match self.factors {
            Factors::F32 => Precision::F32,
            Factors::Bf16 => Precision::Bf16,
        }
    }

    pub(crate) fn factors(&self) -> Factors {
        self.factors
    }

    /// The instruction set.
    pub fn isa(&self) -> Isa {
        self.processor.isa()
    }

    /// The instruction set, as kernels take it.
    pub(crate) fn processor(&self) -> Processor {
        self.processor
    }

    /// The number of threads, the caller's included.
    pub fn threads(&self) -> usize {
        self.threads.count()
    }

    pub(crate) fn pool(&self) -> &Threads {
        &self.threads
    }

    /// Returns the same instruction set on the calling thread alone.
    pub(crate) fn alone(&self) -> Self {
        Self { processor: self.processor, factors: self.factors, threads: Threads::new(1) }
    }

    /// Calls `work(rows)` for chunks of a matrix's rows, on as many threads as they are worth. A row costs `each`
    /// multiplications of a product.
    pub(crate) fn rows(&self, rows: usize, each: usize, work: &(dyn Fn(core::ops::Range<usize>) + Sync)) {
        let cost = rows.saturating_mul(each);
        let parts = self.threads.sharing(cost).min(cost / (SHARE / 2)).clamp(1, rows.max(1));
        self.threads.run(parts, cost, &|part| {
            let range = part * rows / parts..(part + 1) * rows / parts;
            if !range.is_empty() {
                work(range);
            }
        });
    }

    /// Calls `work(range)` for ranges that cover `0 .. count`, on as many threads as they are worth, a few ranges to
    /// each so that uneven work evens out. What a range needs to work in is made once for it. All cost `cost`
    /// multiplications of a product.
    pub(crate) fn ranges(&self, count: usize, cost: usize, work: &(dyn Fn(core::ops::Range<usize>) + Sync)) {
        let threads = self.threads.sharing(cost);
        let parts = if threads == 1 { 1 } else { (4 * threads).min(count) };
        self.threads.run(parts, cost, &|part| work(part * count / parts..(part + 1) * count / parts));
    }

    /// [`Self::rows`] over an output of `width` columns, handing out its rows. An element costs `each`.
    pub(crate) fn map_rows(
        &self,
        out: &mut [f32],
        width: usize,
        each: usize,
        work: &(dyn Fn(core::ops::Range<usize>, &mut [f32]) + Sync),
    ) {
        let rows = out.len() / width.max(1);
        let out = Parts::new(out);
        self.rows(rows, width * each, &|range| {
            // SAFETY: ranges of rows are disjoint.
            let part = unsafe { out.get(range.start * width..range.end * width) };
            work(range, part);
        });
    }
}
