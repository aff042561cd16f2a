//! Hugging Face folders: `config.json` and `model.safetensors`, whole or in shards.

use crate::ends::ids;
use crate::{Files, FormatError, Opened, Safetensors};
use rlhf_core::model::{Architecture, Checkpoint, CheckpointError, Family};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
#[cfg(feature = "write")]
use std::path::PathBuf;

/// The most bytes of a configuration and of an index of shards.
const MOST_CONFIG: u64 = 1 << 20;
const MOST_INDEX: u64 = 1 << 26;

/// Opens a folder of the GPT-2 or Llama family: a language model, or a classifier with one label,
/// which is a reward model.
///
/// A classifier has no language head of its own; the network then counts as tied, unless the folder
/// stores one.
///
/// # Errors
/// Names the file, and the field whose value is missing or not supported.
pub fn open(files: &Files) -> Result<Opened, FormatError> {
    let mut architecture = architecture(files)?;
    let (checkpoint, names) = tensors(files)?;
    if architecture.scalar && checkpoint.shape("lm_head.weight").is_none() {
        architecture.tied = true;
    }
    Ok(Opened { path: files.root(), architecture, checkpoint, names })
}

/// Reads a `config.json`.
fn architecture(files: &Files) -> Result<Architecture, FormatError> {
    const NAME: &str = "config.json";
    let (path, text) = (&files.path(NAME), files.text(NAME, MOST_CONFIG)?);
    let fields: Map<String, Value> = serde_json::from_str(&text)
        .map_err(|e| FormatError::content(path, format!("line {}", e.line()), e.to_string()))?;
    let config = Config { path, fields };
    config.only("quantization_config", &[], Value::Null)?;
    let mut architecture = match config.text("model_type")? {
        "gpt2" => config.gpt2()?,
        "llama" => config.llama()?,
        other => {
            return Err(config.fault("model_type", format!("{other:?} is not supported (gpt2, llama are)")));
        }
    };
    architecture.scalar = config.scalar()?;
    config.ends(architecture.vocabulary)?;
    architecture.validate().map_err(|e| FormatError::content(path, "sizes", e.to_string()))?;
    Ok(architecture)
}

struct Config<'a> {
    path: &'a Path,
    fields: Map<String, Value>,
}

impl Config<'_> {
    fn fault(&self, field: &str, reason: impl Into<String>) -> FormatError {
        FormatError::content(self.path, format!("field {field:?}"), reason)
    }

    /// A field that is there and not null.
    fn get(&self, field: &str) -> Option<&Value> {
        self.fields.get(field).filter(|v| !v.is_null())
    }

    fn text(&self, field: &str) -> Result<&str, FormatError> {
        self.get(field).and_then(Value::as_str).ok_or_else(|| self.fault(field, "want a text"))
    }

    fn size(&self, field: &str) -> Result<usize, FormatError> {
        self.size_or(field, None)
    }

    fn size_or(&self, field: &str, default: Option<usize>) -> Result<usize, FormatError> {
        match (self.get(field), default) {
            (None, Some(default)) => Ok(default),
            (value, _) => value
                .and_then(Value::as_u64)
                .and_then(|n| usize::try_from(n).ok())
                .filter(|&n| n > 0)
                .ok_or_else(|| self.fault(field, "want a positive whole number")),
        }
    }

    fn number(&self, field: &str, default: f32) -> Result<f32, FormatError> {
        match self.get(field) {
            None => Ok(default),
            Some(value) => value.as_f64().map(|x| x as f32).ok_or_else(|| self.fault(field, "want a number")),
        }
    }

    fn flag(&self, field: &str, default: bool) -> Result<bool, FormatError> {
        match self.get(field) {
            None => Ok(default),
            Some(value) => value.as_bool().ok_or_else(|| self.fault(field, "want true or false")),
        }
    }

    /// Refuses a setting that would change the network: only `default`, which an absent field means,
    /// and `others` will do.
    fn only(&self, field: &str, others: &[Value], default: Value) -> Result<(), FormatError> {
        match self.get(field) {
            Some(value) if *value != default && !others.contains(value) => {
                Err(self.fault(field, format!("{value} is not supported (want {default})")))
            }
            _ => Ok(()),
        }
    }

    fn gpt2(&self) -> Result<Architecture, FormatError> {
        // The same function under transformers' other name for it.
        self.only("activation_function", &[json!("gelu_pytorch_tanh")], json!("gelu_new"))?;
        self.only("scale_attn_weights", &[], json!(true))?;
        self.only("scale_attn_by_inverse_layer_idx", &[], json!(false))?;
        self.only("add_cross_attention", &[], json!(false))?;
        let (width, heads) = (self.size("n_embd")?, self.size("n_head")?);
        self.divides("n_head", heads, width)?;
        let context = self.size("n_positions")?;
        let mut a =
            Architecture::gpt2(self.size("vocab_size")?, context, width, self.size("n_layer")?, heads);
        a.hidden = self.size_or("n_inner", width.checked_mul(4))?;
        a.norm_epsilon = self.number("layer_norm_epsilon", 1e-5)?;
        a.tied = self.flag("tie_word_embeddings", true)?;
        Ok(a)
    }

    fn llama(&self) -> Result<Architecture, FormatError> {
        self.only("hidden_act", &[], json!("silu"))?;
        self.only("attention_bias", &[], json!(false))?;
        self.only("mlp_bias", &[], json!(false))?;
        let (width, heads) = (self.size("hidden_size")?, self.size("num_attention_heads")?);
        let head_width = match self.get("head_dim") {
            Some(_) => self.size("head_dim")?,
            None => {
                self.divides("num_attention_heads", heads, width)?;
                width / heads
            }
        };
        Ok(Architecture {
            family: Family::Llama,
            vocabulary: self.size("vocab_size")?,
            context: self.size("max_position_embeddings")?,
            width,
            layers: self.size("num_hidden_layers")?,
            heads,
            kv_heads: self.size_or("num_key_value_heads", Some(heads))?,
            head_width,
            hidden: self.size("intermediate_size")?,
            norm_epsilon: self.number("rms_norm_eps", 1e-6)?,
            rope_theta: self.rope_theta()?,
            tied: self.flag("tie_word_embeddings", false)?,
            scalar: false,
            dropout: 0.0,
        })
    }

    /// Returns the base of the rotary embedding, which transformers 5 moved into `rope_parameters`.
    fn rope_theta(&self) -> Result<f32, FormatError> {
        for field in ["rope_scaling", "rope_parameters"] {
            let Some(rope) = self.get(field) else { continue };
            for kind in ["rope_type", "type"] {
                if rope.get(kind).is_some_and(|v| v != "default") {
                    let reason = format!("{} is not supported (want \"default\")", rope[kind]);
                    return Err(self.fault(&format!("{field}.{kind}"), reason));
                }
            }
            let plain = rope.get("rope_type").or(rope.get("type")).is_some();
            if !plain && (field == "rope_scaling" || rope.get("rope_theta").is_none()) {
                return Err(self.fault(field, format!("{rope} is not supported (want null)")));
            }
        }
        match self.get("rope_parameters").and_then(|rope| rope.get("rope_theta")) {
            Some(theta) => theta
                .as_f64()
                .map(|x| x as f32)
                .ok_or_else(|| self.fault("rope_parameters.rope_theta", "want a number")),
            None => self.number("rope_theta", 10_000.0),
        }
    }

    fn divides(&self, field: &str, heads: usize, width: usize) -> Result<(), FormatError> {
        if width.is_multiple_of(heads) {
            return Ok(());
        }
        Err(self.fault(field, format!("{heads} heads do not divide a width of {width}")))
    }

    /// Refuses ends of texts that the network has no row for.
    fn ends(&self, vocabulary: usize) -> Result<(), FormatError> {
        for field in ["bos_token_id", "eos_token_id"] {
            let ids = ids(self.get(field)).map_err(|reason| self.fault(field, reason))?;
            if let Some(id) = ids.into_iter().find(|id| *id >= vocabulary as u64) {
                let reason = format!("token {id} is outside the vocabulary of {vocabulary}");
                return Err(self.fault(field, reason));
            }
        }
        Ok(())
    }

    /// Returns whether the folder holds a classifier with one label.
    fn scalar(&self) -> Result<bool, FormatError> {
        let Some(names) = self.get("architectures") else { return Ok(false) };
        let name = names.get(0).and_then(Value::as_str);
        match name {
            Some("GPT2LMHeadModel" | "LlamaForCausalLM" | "GPT2Model" | "LlamaModel") => Ok(false),
            Some("GPT2ForSequenceClassification" | "LlamaForSequenceClassification") => {
                self.only("num_labels", &[], json!(1))?;
                match self.get("id2label").and_then(Value::as_object) {
                    Some(labels) if labels.len() != 1 => Err(self
                        .fault("id2label", format!("{} labels; a reward model has one", labels.len()))),
                    _ => Ok(true),
                }
            }
            _ => Err(self.fault(
                "architectures",
                format!("{names} is not supported (want GPT2LMHeadModel, LlamaForCausalLM or their …ForSequenceClassification)"),
            )),
        }
    }
}

/// The tensors of a folder, and their names.
fn tensors(files: &Files) -> Result<(Box<dyn Checkpoint>, Vec<String>), FormatError> {
    let whole = "model.safetensors";
    if files.has(whole) {
        let file = Safetensors::open_in(files, whole)?;
        let names = file.names();
        return Ok((Box::new(file), names));
    }
    let index = "model.safetensors.index.json";
    if files.has(index) {
        let shards = Shards::open(files, index)?;
        let names = shards.tensors.keys().cloned().collect();
        return Ok((Box::new(shards), names));
    }
    let reason = "there is no model.safetensors and no model.safetensors.index.json; \
                  convert other files with transformers' save_pretrained(safe_serialization=True)";
    Err(FormatError::content(&files.root(), "weights", reason))
}

/// A checkpoint in several files.
struct Shards {
    files: BTreeMap<String, Safetensors>,
    tensors: HashMap<String, String>,
}

impl Shards {
    fn open(folder: &Files, name: &str) -> Result<Self, FormatError> {
        #[derive(serde::Deserialize)]
        struct Index {
            weight_map: HashMap<String, String>,
        }
        let (index, index_file) = (&folder.path(name), folder.text(name, MOST_INDEX)?);
        let Index { weight_map: tensors } = serde_json::from_str(&index_file)
            .map_err(|e| FormatError::content(index, format!("line {}", e.line()), e.to_string()))?;
        let mut files = BTreeMap::new();
        for (tensor, file) in &tensors {
            // A name that leads out of the folder would read what nobody asked for.
            if Path::new(file).file_name() != Some(file.as_ref()) {
                let reason = format!("tensor {tensor:?} is in {file:?}, which is no plain file name");
                return Err(FormatError::content(index, "field \"weight_map\"", reason));
            }
            if !files.contains_key(file) {
                files.insert(file.clone(), Safetensors::open_in(folder, file)?);
            }
        }
        Ok(Self { files, tensors })
    }

    fn file(&self, tensor: &str) -> Option<&Safetensors> {
        self.files.get(self.tensors.get(tensor)?)
    }
}

impl Checkpoint for Shards {
    fn shape(&self, name: &str) -> Option<Vec<usize>> {
        self.file(name)?.shape(name)
    }

    fn read(&self, name: &str, out: &mut [f32]) -> Result<(), CheckpointError> {
        let missing = || CheckpointError::Missing { tensor: name.to_string() };
        self.file(name).ok_or_else(missing)?.read(name, out)
    }
}

/// Writes `config.json` and `model.safetensors` into `folder`, which is made if need be, and returns
/// their paths. Either file appears whole or not at all; the configuration, without which nobody
/// opens the folder, comes last. A network with a scalar head becomes a classifier with one label.
///
/// # Errors
/// The network cannot exist, `weights` do not fit it, or the system's; with the path.
#[cfg(feature = "write")]
pub fn save(
    folder: &Path,
    architecture: &Architecture,
    weights: &[f32],
    ends: &[u32],
) -> Result<[PathBuf; 2], FormatError> {
    std::fs::create_dir_all(folder).map_err(|e| FormatError::io(folder, e))?;
    let [config, model] = [folder.join("config.json"), folder.join("model.safetensors")];
    Safetensors::write(&model, architecture, weights)?;
    crate::write_whole(&config, configuration(architecture, ends).as_bytes())?;
    Ok([config, model])
}

/// The text of a network's `config.json`.
pub(crate) fn configuration(architecture: &Architecture, ends: &[u32]) -> String {
    format!("{:#}\n", describe(architecture, ends))
}

/// The shortest decimal number that reads back as `x`: 1e-5, not 9.999999747378752e-6.
fn short(x: f32) -> f64 {
    x.to_string().parse().unwrap_or(f64::from(x))
}

/// The `config.json` of an architecture.
fn describe(a: &Architecture, ends: &[u32]) -> Value {
    let (mut config, family) = match a.family {
        Family::Gpt2 => (
            json!({
                "model_type": "gpt2",
                "n_positions": a.context,
                "n_embd": a.width,
                "n_layer": a.layers,
                "n_head": a.heads,
                "n_inner": a.hidden,
                "activation_function": "gelu_new",
                "layer_norm_epsilon": short(a.norm_epsilon),
                "embd_pdrop": short(a.dropout),
                "resid_pdrop": short(a.dropout),
                "attn_pdrop": 0.0,
            }),
            "GPT2",
        ),
        Family::Llama => (
            json!({
                "model_type": "llama",
                "max_position_embeddings": a.context,
                "hidden_size": a.width,
                "num_hidden_layers": a.layers,
                "num_attention_heads": a.heads,
                "num_key_value_heads": a.kv_heads,
                "head_dim": a.head_width,
                "intermediate_size": a.hidden,
                "hidden_act": "silu",
                "rms_norm_eps": short(a.norm_epsilon),
                "rope_theta": short(a.rope_theta),
                "attention_bias": false,
                "mlp_bias": false,
            }),
            "Llama",
        ),
    };
    let head = match (a.scalar, a.family) {
        (true, _) => "ForSequenceClassification",
        (false, Family::Gpt2) => "LMHeadModel",
        (false, Family::Llama) => "ForCausalLM",
    };
    config["architectures"] = json!([format!("{family}{head}")]);
    config["vocab_size"] = json!(a.vocabulary);
    config["tie_word_embeddings"] = json!(a.tied);
    config["torch_dtype"] = json!("float32");
    // transformers would otherwise take the ids of the published models.
    config["bos_token_id"] = Value::Null;
    config["eos_token_id"] = match ends {
        [] => Value::Null,
        [end] => json!(end),
        several => json!(several),
    };
    if a.scalar {
        config["id2label"] = json!({ "0": "LABEL_0" });
        config["label2id"] = json!({ "LABEL_0": 0 });
    }
    config
}

#[cfg(all(test, feature = "write"))]
mod tests;
