//! The shape of a weight matrix, and the bytes that it takes in each format.

/// Outputs that are computed side by side: rows of weights in a panel.
pub const PANEL: usize = 16;
/// Inputs that share a scale.
pub const BLOCK: usize = 32;
/// Inputs of an output that lie side by side in a panel.
pub(super) const GROUP: usize = 4;
/// Bytes of the values of a panel's block in int8, and of its groups.
pub(super) const INT8_BLOCK: usize = PANEL * BLOCK;
pub(super) const INT8_GROUP: usize = PANEL * GROUP;
/// Bytes of the values of a panel's block in four bits: two groups a byte.
pub(super) const FOUR_BIT_BLOCK: usize = INT8_BLOCK / 2;
/// Bytes of sixteen f32 and of sixteen f16.
pub(super) const WORDS: usize = PANEL * 4;
pub(super) const HALVES: usize = PANEL * 2;

/// How a weight comes from its four bits `q`, 0 ..= 15.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FourBitFormat {
    /// `scale·(q - 8)`: GGUF's Q4_0.
    Scale,
    /// `scale·q + minimum`: GGUF's Q4_1.
    ScaleAndMinimum,
}

/// The sizes of a matrix of weights: one row of `inputs` for each output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WeightShape {
    /// Rows: numbers that come out.
    pub outputs: usize,
    /// Columns: numbers that go in.
    pub inputs: usize,
}

impl WeightShape {
    /// Returns the number of panels of 16 rows; the last is padded with zeros.
    pub const fn panels(self) -> usize {
        self.outputs.div_ceil(PANEL)
    }

    /// Returns the number of blocks of 32 in a row; the last is padded with zeros.
    pub const fn blocks(self) -> usize {
        self.inputs.div_ceil(BLOCK)
    }

    /// Returns the bytes of a panel in int8: its values, then a scale for each row.
    pub const fn int8_panel_bytes(self) -> usize {
        self.blocks().saturating_mul(INT8_BLOCK).saturating_add(WORDS)
    }

    /// Returns the bytes of the matrix in int8. A size beyond `usize` is `usize::MAX`, which no slice has.
    pub const fn int8_bytes(self) -> usize {
        self.panels().saturating_mul(self.int8_panel_bytes())
    }

    /// Returns the bytes of a panel in four bits: its values, then its scales, then its minima.
    pub const fn four_bit_panel_bytes(self, format: FourBitFormat) -> usize {
        let numbers = match format {
            FourBitFormat::Scale => HALVES,
            FourBitFormat::ScaleAndMinimum => 2 * HALVES,
        };
        self.blocks().saturating_mul(FOUR_BIT_BLOCK + numbers)
    }

    /// Returns the bytes of the matrix in four bits. A size beyond `usize` is `usize::MAX`, which no slice has.
    pub const fn four_bit_bytes(self, format: FourBitFormat) -> usize {
        self.panels().saturating_mul(self.four_bit_panel_bytes(format))
    }

    /// Returns the shape of some of its panels and the range of those that exist.
    pub(super) fn part(self, panels: core::ops::Range<usize>) -> (Self, core::ops::Range<usize>) {
        let end = panels.end.min(self.panels());
        let start = panels.start.min(end);
        let outputs = (end * PANEL).min(self.outputs).saturating_sub(start * PANEL);
        (Self { outputs, ..self }, start..end)
    }
}
