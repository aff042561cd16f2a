//! The activations of both families, shared among threads.

use crate::Cpu;
use crate::threads::{ELEMENT, Parts};
use rlhf_core::model::Family;
use rlhf_kernels::activation::{gelu, gelu_backward, swiglu, swiglu_backward};

/// `h` after `mlp_in` to the input of `mlp_out`, `hidden` wide.
pub(crate) fn forward(cpu: &Cpu, family: Family, hidden: usize, h: &[f32], out: &mut [f32]) {
    cpu.map_rows(out, hidden, 2 * ELEMENT, &|rows, out| match family {
        Family::Gpt2 => {
            let h = &h[rows.start * hidden..rows.end * hidden];
            gelu(cpu.processor(), h, out);
        }
        Family::Llama => {
            let h = &h[rows.start * 2 * hidden..rows.end * 2 * hidden];
            swiglu(cpu.processor(), hidden, h, out);
        }
    });
}

/// `dh` from `d`, the gradient of [`forward`]'s output, which `d` becomes: half of the work is the same, and what
/// need not be kept until then is a quarter of a layer's memory.
pub(crate) fn backward(cpu: &Cpu, family: Family, hidden: usize, h: &[f32], d: &mut [f32], dh: &mut [f32]) {
    let width = match family {
        Family::Gpt2 => hidden,
        Family::Llama => 2 * hidden,
    };
    let d = Parts::new(d);
    cpu.map_rows(dh, width, 2 * ELEMENT, &|rows, dh| {
        let h = &h[rows.start * width..rows.end * width];
        // SAFETY: ranges of rows are disjoint.
        let d = unsafe { d.get(rows.start * hidden..rows.end * hidden) };
        match family {
            Family::Gpt2 => gelu_backward(cpu.processor(), h, d, dh),
            Family::Llama => {
                swiglu_backward(cpu.processor(), hidden, h, d, dh);
            }
        }
    });
}
