use super::*;
use proptest::prelude::*;

fn llama() -> Architecture {
    Architecture {
        family: Family::Llama,
        kv_heads: 1,
        hidden: 7,
        tied: false,
        norm_epsilon: 1e-6,
        ..Architecture::gpt2(11, 8, 12, 2, 3)
    }
}

fn weights(a: &Architecture) -> Vec<f32> {
    (0..a.parameters()).map(|i| i as f32 * 0.5 - 3.0).collect()
}

/// A folder saved from `a`, its configuration then changed.
fn changed(a: &Architecture, change: impl Fn(&mut Value)) -> Result<Opened, FormatError> {
    let folder = tempfile::tempdir().unwrap();
    let [config, _] = save(folder.path(), a, &weights(a), &[2]).unwrap();
    let mut value: Value = serde_json::from_slice(&std::fs::read(&config).unwrap()).unwrap();
    change(&mut value);
    std::fs::write(&config, value.to_string()).unwrap();
    open(&Files::folder(folder.path()))
}

#[test]
fn what_is_saved_opens_again() {
    let gpt2 = Architecture::gpt2(11, 8, 12, 2, 3);
    for a in [gpt2.clone(), llama(), gpt2.with_scalar(), llama().with_scalar()] {
        let folder = tempfile::tempdir().unwrap();
        save(folder.path(), &a, &weights(&a), &[]).unwrap();
        let opened = open(&Files::folder(folder.path())).unwrap();
        assert_eq!(opened.architecture, a);
        assert_eq!(opened.weights(&a).unwrap(), (weights(&a), vec![]));
    }
}

#[test]
fn unsupported_settings_are_refused_by_name() {
    for (field, value, message) in [
        (
            "rope_scaling",
            json!({"rope_type": "llama3", "factor": 8.0}),
            r#"field "rope_scaling.rope_type": "llama3" is not"#,
        ),
        ("rope_scaling", json!({"factor": 8.0}), r#"field "rope_scaling": {"factor":8.0} is not"#),
        ("attention_bias", json!(true), r#"field "attention_bias": true is not supported (want false)"#),
        ("mlp_bias", json!(true), r#"field "mlp_bias""#),
        ("hidden_act", json!("gelu"), r#"field "hidden_act": "gelu" is not supported (want "silu")"#),
        ("model_type", json!("mistral"), r#"field "model_type": "mistral" is not supported"#),
        ("architectures", json!(["LlamaForTokenClassification"]), r#"field "architectures""#),
        ("quantization_config", json!({"bits": 4}), r#"field "quantization_config""#),
        ("vocab_size", json!(-1), r#"field "vocab_size": want a positive whole number"#),
        ("hidden_size", Value::Null, r#"field "hidden_size": want a positive whole number"#),
        ("num_key_value_heads", json!(2), "sizes: heads modulo kv_heads"),
        ("eos_token_id", json!(11), r#"field "eos_token_id": token 11 is outside the vocabulary of 11"#),
        ("bos_token_id", json!([1, 12]), r#"field "bos_token_id": token 12 is outside"#),
    ] {
        let error = changed(&llama(), |c| c[field] = value.clone()).err().expect(field).to_string();
        assert!(error.contains("config.json, ") && error.contains(message), "{error}");
    }
    let gpt2 = Architecture::gpt2(11, 8, 12, 2, 3).with_scalar();
    for (field, value) in [
        ("activation_function", json!("relu")),
        ("scale_attn_by_inverse_layer_idx", json!(true)),
        ("id2label", json!({"0": "bad", "1": "good"})),
        ("n_head", json!(5)),
    ] {
        let error = changed(&gpt2, |c| c[field] = value.clone()).err().expect(field).to_string();
        assert!(error.contains(&format!("field {field:?}")), "{error}");
    }
}

#[test]
fn newer_rotary_settings_are_read() {
    let opened = changed(&llama(), |c| {
        c["rope_theta"] = Value::Null;
        c["rope_parameters"] = json!({"rope_type": "default", "rope_theta": 5e5});
    });
    assert_eq!(opened.unwrap().architecture.rope_theta, 5e5);
}

#[test]
fn another_shape_than_the_configuration_s_is_refused_by_tensor() {
    let opened = changed(&llama(), |c| c["vocab_size"] = json!(12)).unwrap();
    let error = opened.weights(&opened.architecture).unwrap_err().to_string();
    assert!(
        error.ends_with(
            r#"tensor "model.embed_tokens.weight": the configuration says [12, 12], the checkpoint [11, 12]"#
        ),
        "{error}"
    );
}

#[test]
fn layers_that_the_configuration_does_not_know_are_refused_by_tensor() {
    let opened = changed(&llama(), |c| c["num_hidden_layers"] = json!(1)).unwrap();
    let error = opened.weights(&opened.architecture).unwrap_err().to_string();
    assert!(error.contains("tensor \"model.layers.1.") && error.contains("has no place for it"), "{error}");
}

#[test]
fn numbers_that_are_not_finite_are_refused_by_file_and_tensor() {
    for bad in [f32::NAN, f32::INFINITY] {
        let folder = tempfile::tempdir().unwrap();
        let mut weights = weights(&llama());
        weights[3] = bad;
        save(folder.path(), &llama(), &weights, &[]).unwrap();
        let opened = open(&Files::folder(folder.path())).unwrap();
        let error = opened.weights(&llama()).unwrap_err().to_string();
        let folder = folder.path().display().to_string();
        assert!(error.starts_with(&folder) && error.contains("embed_tokens.weight\": it holds"), "{error}");
    }
}

#[test]
fn shards_are_read_as_one_and_stay_in_their_folder() {
    let folder = tempfile::tempdir().unwrap();
    let a = llama();
    let [_, model] = save(folder.path(), &a, &weights(&a), &[]).unwrap();
    let names = Safetensors::open(&model).unwrap().names();
    std::fs::rename(&model, folder.path().join("model-1-of-1.safetensors")).unwrap();
    assert!(
        open(&Files::folder(folder.path()))
            .err()
            .unwrap()
            .to_string()
            .contains("there is no model.safetensors")
    );
    let index = folder.path().join("model.safetensors.index.json");
    let map = |file: &str| {
        let map: Map<String, Value> = names.iter().map(|n| (n.clone(), json!(file))).collect();
        json!({ "metadata": {}, "weight_map": map }).to_string()
    };
    std::fs::write(&index, map("model-1-of-1.safetensors")).unwrap();
    let opened = open(&Files::folder(folder.path())).unwrap();
    assert_eq!(opened.weights(&a).unwrap().0, weights(&a));
    std::fs::write(&index, map("../model-1-of-1.safetensors")).unwrap();
    assert!(open(&Files::folder(folder.path())).err().unwrap().to_string().contains("no plain file name"));
}

proptest! {
    #[test]
    fn any_configuration_is_survived(
        field in prop::sample::select(vec![
            "model_type", "vocab_size", "hidden_size", "num_attention_heads", "head_dim",
            "architectures", "rope_scaling", "rope_parameters", "rms_norm_eps", "id2label",
        ]),
        value in prop_oneof![
            Just(Value::Null), Just(json!([])), Just(json!({"rope_type": 3})), Just(json!("")),
            any::<i64>().prop_map(|x| json!(x)), any::<u64>().prop_map(|x| json!(x)),
            any::<f64>().prop_map(|x| json!(x)),
        ],
    ) {
        if let Ok(opened) = changed(&llama(), |c| c[field] = value.clone()) {
            let _ = opened.weights(&opened.architecture);
        }
    }
}
