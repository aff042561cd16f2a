//! llama2.c's network once more, naively, in f64 and straight from its file: nothing is shared with
//! the code under test.

/// `out[o] = Σ_i w[o, i] · x[i]`.
fn times(w: &[f64], x: &[f64]) -> Vec<f64> {
    w.chunks(x.len()).map(|row| row.iter().zip(x).map(|(a, b)| a * b).sum()).collect()
}

fn norm(x: &[f64], gain: &[f64]) -> Vec<f64> {
    let scale = 1.0 / (x.iter().map(|x| x * x).sum::<f64>() / x.len() as f64 + 1e-5).sqrt();
    x.iter().zip(gain).map(|(x, g)| x * scale * g).collect()
}

/// Neighbors rotate against each other here: the file's own order.
fn rotate(x: &mut [f64], head: usize, position: usize) {
    for (i, pair) in x.chunks_mut(2).enumerate() {
        let angle = position as f64 * 10_000f64.powf(-((2 * i % head) as f64) / head as f64);
        let (sin, cos) = angle.sin_cos();
        (pair[0], pair[1]) = (pair[0] * cos - pair[1] * sin, pair[0] * sin + pair[1] * cos);
    }
}

/// A layer's keys and values, one of each for each token.
type Cache = (Vec<Vec<f64>>, Vec<Vec<f64>>);

pub struct Oracle {
    layers: usize,
    heads: usize,
    kv_heads: usize,
    /// In the file's order: embedding, attention norm, q, k, v, o, MLP norm, gate, down, up, last norm.
    tensors: Vec<Vec<f64>>,
    width: usize,
}

impl Oracle {
    pub fn read(file: &[u8]) -> Self {
        let word = |i: usize| -> [u8; 4] { file[4 * i..4 * i + 4].try_into().unwrap() };
        let [width, hidden, layers, heads, kv_heads, vocabulary] =
            core::array::from_fn(|i| i32::from_le_bytes(word(i)) as usize);
        let kv = width / heads * kv_heads;
        let mut at = 7;
        let mut take = |count: usize| {
            at += count;
            (at - count..at).map(|i| f64::from(f32::from_le_bytes(word(i)))).collect()
        };
        let square = width * width;
        let each = [width, square, kv * width, kv * width, square, width, hidden * width, hidden * width];
        let mut tensors = vec![take(vocabulary * width)];
        tensors.extend(each.map(|count| take(layers * count)));
        tensors.push(take(layers * hidden * width));
        tensors.push(take(width));
        Self { layers, heads, kv_heads, tensors, width }
    }

    /// Layer `n`'s part of a tensor.
    fn layer(&self, tensor: usize, n: usize) -> &[f64] {
        let each = self.tensors[tensor].len() / self.layers;
        &self.tensors[tensor][n * each..(n + 1) * each]
    }

    /// The `count` most probable tokens after `first`, one by one.
    pub fn greedy(&self, first: u32, count: usize) -> Vec<u32> {
        let mut cache = vec![(Vec::new(), Vec::new()); self.layers];
        let mut tokens = vec![first];
        while tokens.len() <= count {
            let logits = self.step(tokens[tokens.len() - 1], &mut cache);
            let best = (0..logits.len()).max_by(|&a, &b| logits[a].total_cmp(&logits[b])).unwrap();
            tokens.push(best as u32);
        }
        tokens.split_off(1)
    }

    fn step(&self, token: u32, cache: &mut [Cache]) -> Vec<f64> {
        let head = self.width / self.heads;
        let mut x = self.tensors[0][token as usize * self.width..][..self.width].to_vec();
        for (n, (keys, values)) in cache.iter_mut().enumerate() {
            let normed = norm(&x, self.layer(1, n));
            let [mut q, mut k, v] = [2, 3, 4].map(|i| times(self.layer(i, n), &normed));
            let position = keys.len();
            rotate(&mut q, head, position);
            rotate(&mut k, head, position);
            keys.push(k);
            values.push(v);
            let mut mixed = vec![0.0; self.width];
            for h in 0..self.heads {
                let (mine, theirs) = (h * head, h / (self.heads / self.kv_heads) * head);
                let score = |k: &Vec<f64>| {
                    let dot: f64 = (0..head).map(|i| q[mine + i] * k[theirs + i]).sum();
                    (dot / (head as f64).sqrt()).exp()
                };
                let weights: Vec<f64> = keys.iter().map(score).collect();
                let sum: f64 = weights.iter().sum();
                for (w, v) in weights.iter().zip(values.iter()) {
                    (0..head).for_each(|i| mixed[mine + i] += w / sum * v[theirs + i]);
                }
            }
            let branch = times(self.layer(5, n), &mixed);
            x.iter_mut().zip(branch).for_each(|(x, y)| *x += y);
            let normed = norm(&x, self.layer(6, n));
            let (gate, up) = (times(self.layer(7, n), &normed), times(self.layer(9, n), &normed));
            let hidden: Vec<f64> = gate.iter().zip(up).map(|(g, u)| g / (1.0 + (-g).exp()) * u).collect();
            let branch = times(self.layer(8, n), &hidden);
            x.iter_mut().zip(branch).for_each(|(x, y)| *x += y);
        }
        times(&self.tensors[0], &norm(&x, &self.tensors[10]))
    }
}
