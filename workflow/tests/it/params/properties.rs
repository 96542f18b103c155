//! What holds for any params.

use super::*;

/// Any literal definition as JSON.
fn any_definition() -> impl Strategy<Value = Json> {
    let scalar = prop_oneof![
        "[a-z$é ]{0,6}".prop_map(|text| json!({"type": "STRING", "value": text})),
        any::<i64>().prop_map(|value| json!({"type": "LONG", "value": value})),
        (any::<i32>(), 0..9u32).prop_map(|(whole, part)| {
            json!({"type": "DOUBLE", "value": serde_json::from_str::<Json>(&format!("{whole}.{part}0")).unwrap()})
        }),
        any::<bool>().prop_map(|value| json!({"type": "BOOLEAN", "value": value})),
        prop::collection::vec(any::<i64>(), 0..3).prop_map(|value| json!({"type": "LONG_ARRAY", "value": value})),
        prop::collection::vec(prop::option::of("[a-z]{0,3}"), 0..3)
            .prop_map(|value| json!({"type": "STRING_ARRAY", "value": value})),
        prop::collection::btree_map("[a-z]{1,3}", "[a-z]{0,3}", 0..3)
            .prop_map(|value| json!({"type": "STRING_MAP", "value": value})),
    ];
    let with_mode = (scalar, prop::option::of(prop::sample::select(vec!["MUTABLE", "MUTABLE_ON_START"])));
    let leaf = with_mode.prop_map(|(mut definition, mode)| {
        if let Some(mode) = mode {
            definition["mode"] = json!(mode);
        }
        definition
    });
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop::collection::btree_map("[a-z]{1,3}", inner, 0..3).prop_map(|value| json!({"type": "MAP", "value": value}))
    })
}

fn any_definitions() -> impl Strategy<Value = Json> {
    prop::collection::btree_map("[a-e]", any_definition(), 0..4).prop_map(|map| json!(map))
}

proptest! {
    #[test]
    fn definitions_are_written_as_they_were_read(json in any_definitions()) {
        let read = definitions(&json);
        let written = write::definitions(&read);
        prop_assert_eq!(&written, &json);
        prop_assert_eq!(definitions(&written), read);
    }

    #[test]
    fn params_of_runs_are_stored_without_loss(json in any_definitions()) {
        let mut params = layers::unevaluated(definitions(&json));
        // What refers to names that do not exist stays unevaluated, and is stored so.
        let _failed = with(&Run::new(), |evaluator| evaluator.workflow_params(&mut params)).is_err();
        let mut problems = Vec::new();
        let text = write::params(&params).to_string();
        let read = stored::params(&serde_json::from_str(&text).unwrap(), "params", &mut problems);
        prop_assert_eq!(problems, []);
        prop_assert_eq!(read, params);
    }

    #[test]
    fn system_layers_merge_in_any_grouping(a in any_definitions(), b in any_definitions(), c in any_definitions()) {
        let layer = Layer { source: Source::SystemDefault, authority: Authority::System, is_restart: false };
        let merged = |layers: &[&Definitions]| {
            let mut params = Definitions::new();
            layers.iter().try_for_each(|incoming| merge(&mut params, incoming, layer)).map(|()| params)
        };
        let (a, b, c) = (definitions(&a), definitions(&b), definitions(&c));
        if let (Ok(one_by_one), Ok(grouped)) =
            (merged(&[&a, &b, &c]), merged(&[&b, &c]).and_then(|later| merged(&[&a, &later])))
        {
            prop_assert_eq!(one_by_one.len(), grouped.len());
            for (name, definition) in &one_by_one {
                // A conversion depends on the type that is already there, so only params of one type compare.
                let is_of_one_type = [&a, &b, &c]
                    .iter()
                    .filter_map(|layer| layer.get(name))
                    .all(|other| other.kind == definition.kind && other.kind != param::Type::Map);
                if is_of_one_type {
                    prop_assert_eq!(&definition.body, &grouped[name].body);
                }
            }
        }
        // Merging nothing changes nothing, and merging the same again changes nothing either.
        let once = merged(&[&a]).unwrap();
        prop_assert_eq!(&merged(&[&a, &Definitions::new()]).unwrap(), &once);
        prop_assert_eq!(&merged(&[&a, &a]).unwrap(), &once);
    }

    #[test]
    fn evaluation_is_deterministic(json in any_definitions()) {
        prop_assert_eq!(workflow_values(json.clone()).ok(), workflow_values(json).ok());
    }

    #[test]
    fn evaluated_params_are_their_own_definitions(json in any_definitions()) {
        let params = evaluated(json);
        let frozen = settle::definitions(&params).unwrap();
        let again = param::layers::unevaluated(frozen);
        let mut again = again;
        evaluate_plain(&mut again, NOW);
        prop_assert_eq!(values(&again), values(&params));
    }

    #[test]
    fn no_text_breaks_interpolation(text in "[$a{}_./\\-é ]{0,24}") {
        let names = param::interpolate::names(&text);
        let mut asked = Vec::new();
        let result = param::interpolate::interpolate(&text, |name| {
            asked.push(name.to_owned());
            Ok::<_, String>(String::new())
        });
        prop_assert!(result.is_ok());
        prop_assert!(asked.iter().all(|name| names.iter().any(|known| **known == **name)), "{:?} of {:?}", asked, names);
    }
}
