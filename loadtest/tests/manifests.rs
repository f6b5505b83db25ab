//! The Kubernetes manifests agree with one another, with the configuration and with the policy that
//! they bring along.
//!
//! That the configuration is one that `weir` takes is the binary's own test; so is, on a real broker, that
//! it really serves each metric that an alert asks for.

use std::path::{Path, PathBuf};
use yaml_rust2::{Yaml, YamlLoader};

fn base() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../k8s/base")
}

fn text(file: &str) -> String {
    std::fs::read_to_string(base().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn documents(file: &str) -> Vec<Yaml> {
    YamlLoader::load_from_str(&text(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn document(file: &str) -> Yaml {
    documents(file).into_iter().next().unwrap_or(Yaml::BadValue)
}

/// What lies at a path such as `spec/replicas` or `ports/0/name`.
fn at<'a>(yaml: &'a Yaml, path: &str) -> &'a Yaml {
    path.split('/').fold(yaml, |found, step| match found {
        Yaml::Array(items) => {
            step.parse().ok().and_then(|at: usize| items.get(at)).unwrap_or(&Yaml::BadValue)
        }
        Yaml::Hash(fields) => fields.get(&Yaml::String(step.to_owned())).unwrap_or(&Yaml::BadValue),
        Yaml::Real(_)
        | Yaml::Integer(_)
        | Yaml::String(_)
        | Yaml::Boolean(_)
        | Yaml::Alias(_)
        | Yaml::Null
        | Yaml::BadValue => &Yaml::BadValue,
    })
}

#[track_caller]
fn check(yaml: &Yaml, path: &str, expected: &str) {
    let found = match at(yaml, path) {
        Yaml::String(text) => text.clone(),
        Yaml::Integer(number) => number.to_string(),
        Yaml::Boolean(truth) => truth.to_string(),
        other @ (Yaml::Real(_)
        | Yaml::Array(_)
        | Yaml::Hash(_)
        | Yaml::Alias(_)
        | Yaml::Null
        | Yaml::BadValue) => {
            format!("{other:?}")
        }
    };
    assert_eq!(found, expected, "{path}");
}

/// As [`check`], for one field whose name holds a slash.
#[track_caller]
fn check_field(yaml: &Yaml, name: &str, expected: &str) {
    let found = yaml.as_hash().and_then(|fields| fields.get(&Yaml::String(name.to_owned())));
    assert_eq!(found.and_then(Yaml::as_str), Some(expected), "{name}");
}

fn pod() -> Yaml {
    at(&document("statefulset.yaml"), "spec/template/spec").clone()
}

/// The value of a key of `weir.toml`, as it is written there.
#[track_caller]
fn setting(section: &str, key: &str) -> String {
    let whole = text("weir.toml");
    let header = format!("[{section}]");
    let lines = whole.lines().skip_while(|line| **line != header).skip(1);
    let mut own = lines.take_while(|line| !line.starts_with('['));
    let found = own.find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "));
    found.unwrap_or_else(|| panic!("[{section}] {key} is not set")).trim_matches('"').to_owned()
}

#[test]
fn the_kustomization_names_files_that_exist() {
    let kustomization = document("kustomization.yaml");
    for list in ["resources", "configMapGenerator/0/files"] {
        let files = at(&kustomization, list).as_vec().unwrap_or_else(|| panic!("{list} is no list"));
        for file in files.iter().filter_map(Yaml::as_str) {
            assert!(base().join(file).is_file(), "{file}");
        }
        assert!(files.len() >= 2, "{list}");
    }
    check(&kustomization, "configMapGenerator/0/name", "weir");
    check(&pod(), "volumes/0/configMap/name", "weir");
}

#[test]
fn probes_services_and_metrics_meet_the_port_that_is_listened_on() {
    let listen = setting("http", "listen");
    let port = listen.strip_prefix("0.0.0.0:").unwrap_or_else(|| panic!("{listen} is not reached by probes"));
    let pod = pod();
    check(&pod, "containers/0/ports/0/containerPort", port);
    check(&pod, "containers/0/ports/0/name", "http");
    for (probe, path) in
        [("startupProbe", "/livez"), ("livenessProbe", "/livez"), ("readinessProbe", "/readyz")]
    {
        check(&pod, &format!("containers/0/{probe}/httpGet/path"), path);
        check(&pod, &format!("containers/0/{probe}/httpGet/port"), "http");
    }
    let annotations = at(&document("statefulset.yaml"), "spec/template/metadata/annotations").clone();
    check_field(&annotations, "prometheus.io/port", port);
    check_field(&annotations, "prometheus.io/path", "/metrics");
    let services = documents("service.yaml");
    assert_eq!(services.len(), 2);
    for service in &services {
        check(service, "spec/ports/0/port", port);
        check(service, "spec/ports/0/targetPort", "http");
    }
    check(&document("statefulset.yaml"), "spec/serviceName", "weir-members");
    assert!(services.iter().any(|service| at(service, "metadata/name").as_str() == Some("weir-members")));
}

#[test]
fn what_is_mounted_is_where_the_configuration_looks() {
    let pod = pod();
    check(&pod, "containers/0/command/0", "weir");
    check(&pod, "containers/0/command/1", "run");
    check(&pod, "containers/0/command/2", "--config");
    check(&pod, "containers/0/command/3", "/etc/weir/weir.toml");
    check(&pod, "containers/0/volumeMounts/0/mountPath", "/etc/weir");
    // No pod goes by the file: it is there to be published first, as the page says.
    assert_eq!(setting("policy", "published"), "true");
    let page = text("../README.md");
    assert!(
        page.contains("weir policy publish /etc/weir/policy.yaml --config /etc/weir/weir.toml"),
        "{page}"
    );
    check(&pod, "containers/0/volumeMounts/1/mountPath", &setting("state", "folder"));
    check(&pod, "containers/0/volumeMounts/1/name", "state");
    check(&document("statefulset.yaml"), "spec/volumeClaimTemplates/0/metadata/name", "state");
}

#[test]
fn variables_override_settings_that_there_are() {
    let pod = pod();
    let variables = at(&pod, "containers/0/env").as_vec().cloned().unwrap_or_default();
    let names: Vec<&str> = variables.iter().filter_map(|variable| at(variable, "name").as_str()).collect();
    assert_eq!(names, ["WEIR__KAFKA__GROUP_INSTANCE_ID", "WEIR__KAFKA__BROKERS", "WEIR__REGISTRY__URL"]);
    check(&pod, "containers/0/env/0/valueFrom/fieldRef/fieldPath", "metadata.name");
    check(&pod, "containers/0/env/1/value", &setting("kafka", "brokers"));
    check(&pod, "containers/0/env/2/value", &setting("registry", "url"));
    assert!(!text("weir.toml").contains("group_instance_id"), "each pod has its own");
}

#[test]
fn a_pod_may_do_no_more_than_it_must() {
    let pod = pod();
    check(&pod, "securityContext/runAsNonRoot", "true");
    check(&pod, "securityContext/seccompProfile/type", "RuntimeDefault");
    check(&pod, "containers/0/securityContext/readOnlyRootFilesystem", "true");
    check(&pod, "containers/0/securityContext/allowPrivilegeEscalation", "false");
    check(&pod, "containers/0/securityContext/capabilities/drop/0", "ALL");
    check(&pod, "terminationGracePeriodSeconds", "60");
    check(&document("pdb.yaml"), "spec/maxUnavailable", "1");
    assert!(at(&pod, "containers/0/resources/limits/memory").as_str().is_some(), "sizes come from it");
}

#[test]
fn the_policy_is_one_that_weir_takes_and_only_observes() {
    let loaded = policy::load(&base().join("policy.yaml")).unwrap_or_else(|report| panic!("{report:?}"));
    assert!(loaded.warnings.is_none(), "{:?}", loaded.warnings);
    assert!(loaded.policy.observe);
}

/// The alerts, each as its YAML.
fn alerts() -> Vec<Yaml> {
    let rules = document("../alerts/rules.yaml");
    check(&rules, "apiVersion", "monitoring.coreos.com/v1");
    check(&rules, "kind", "PrometheusRule");
    check(&rules, "metadata/name", "weir");
    let groups = at(&rules, "spec/groups").as_vec().cloned().unwrap_or_default();
    let of_group = |group: &Yaml| {
        assert!(at(group, "name").as_str().is_some_and(|name| !name.is_empty()));
        at(group, "rules").as_vec().cloned().unwrap_or_default()
    };
    groups.iter().flat_map(of_group).collect()
}

/// The words in an expression that look like names of metrics.
fn metrics_in(expression: &str) -> Vec<String> {
    let words = expression.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    words.filter(|word| word.starts_with("weir_") || word.starts_with("kube_")).map(str::to_owned).collect()
}

/// The text of every source file in a folder, but for those that declare metrics.
fn sources(folder: &Path) -> std::io::Result<String> {
    let mut all = String::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            all += &sources(&path)?;
        } else if !path.ends_with("metrics.rs") {
            all += &std::fs::read_to_string(path)?;
        }
    }
    Ok(all)
}

/// The names of the engine's metrics: those that it shows somewhere, and not only describes.
fn shown_metrics() -> Vec<String> {
    let all = sources(&base().join("../../processor/engine/src")).unwrap_or_else(|error| panic!("{error}"));
    let names = text("../../processor/engine/src/metrics.rs");
    let constants = names.lines().filter_map(|line| line.strip_prefix("pub const ")?.split_once(": &str = "));
    let shown = constants.filter(|(constant, _)| all.contains(&format!("names::{constant}")));
    shown.map(|(_, name)| name.trim_matches(['"', ';']).to_owned()).collect()
}

#[test]
fn an_alert_says_how_bad_it_is_what_it_is_and_what_to_do() {
    let alerts = alerts();
    let mut names: Vec<&str> = alerts.iter().filter_map(|alert| at(alert, "alert").as_str()).collect();
    assert_eq!(names.len(), alerts.len(), "each has a name");
    for alert in &alerts {
        let name = at(alert, "alert").as_str().unwrap_or_default();
        assert!(name.starts_with("Weir"), "{name}");
        let severity = at(alert, "labels/severity").as_str().unwrap_or_default();
        assert!(["critical", "warning"].contains(&severity), "{name}: {severity}");
        for field in ["expr", "annotations/summary", "annotations/description", "annotations/action"] {
            assert!(at(alert, field).as_str().is_some_and(|text| text.len() > 10), "{name}: {field}");
        }
    }
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), alerts.len(), "no two have the same name");
    let component = document("../alerts/kustomization.yaml");
    check(&component, "kind", "Component");
    check(&component, "resources/0", "rules.yaml");
}

#[test]
fn an_alert_asks_for_metrics_that_there_are() {
    let shown = shown_metrics();
    assert!(shown.len() > 10, "{shown:?}");
    let mut asked = Vec::new();
    for alert in alerts() {
        let metrics = metrics_in(at(&alert, "expr").as_str().unwrap_or_default());
        assert!(!metrics.is_empty(), "{alert:?}");
        for metric in &metrics {
            // One comes from kube-state-metrics: a process that has ended tells nothing.
            let is_kubernetes_own = metric == "kube_pod_container_status_restarts_total";
            assert!(is_kubernetes_own || shown.contains(metric), "{metric} is not shown");
        }
        asked.extend(metrics);
    }
    for metric in ["weir_breaker_open", "weir_clock_lead_seconds", "weir_timer_lateness_seconds"] {
        assert!(asked.iter().any(|asked| asked == metric), "nobody is told of {metric}");
    }
}
