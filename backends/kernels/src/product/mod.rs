//! Matrix products whose every output element is one accumulation over k in rising order, whatever the shape, the
//! blocking or the number of threads.
//!
//! [`multiply`] is a whole product on one thread. Who has several packs the right-hand matrix with [`pack_columns`] and
//! calls [`blocks`] for parts of the output, or [`thin`] where there are few rows and the matrix was packed long before.

mod block;
mod factors;
mod micro;
mod pack;
mod shape;
mod thin;
mod tile;
mod whole;

pub use block::{Part, blocks};
pub use factors::Factors;
#[cfg(target_arch = "x86_64")]
pub(crate) use factors::Native;
pub(crate) use factors::{Single, Step, Widened};
pub(crate) use micro::small;
pub use pack::{pack_columns, round_rows};
pub(crate) use shape::Strided;
pub use shape::{Matrix, Output, Shape, Start, TALL, WIDE, deep};
pub use thin::thin;
pub use whole::{multiply, workspace};

#[cfg(test)]
mod tests;
