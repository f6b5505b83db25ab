//! The servers the other tests run against: they start, work, start again, and leave nothing behind.
//!
//! What Weir does with them is tested elsewhere.

use std::error::Error;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use loadtest::broker::{BrokerError, Kafka, KafkaOptions, Registry};

type Outcome = Result<(), Box<dyn Error>>;

const TOPICS: &str = "org.apache.kafka.tools.TopicCommand";

#[test]
fn a_broker_keeps_its_topics_over_a_restart_and_a_kill_and_leaves_no_process() -> Outcome {
    let options = KafkaOptions { properties: &[("num.partitions", "3")], ..KafkaOptions::default() };
    let mut kafka = timed("start Kafka", || Kafka::start(&options))?;
    let Some(folder) = folder_of(kafka.log()) else {
        return not_ours();
    };
    kafka.tool(TOPICS, &["--create", "--topic", "accounts"])?;

    timed("restart Kafka", || kafka.restart())?;
    let topics = kafka.tool(TOPICS, &["--describe", "--topic", "accounts"])?;
    assert!(topics.contains("PartitionCount: 3"), "{topics}");

    kafka.kill()?;
    assert_eq!(processes_of(&folder)?, Vec::<String>::new());
    timed("restart Kafka after a kill", || kafka.restart())?;
    let topics = kafka.tool(TOPICS, &["--describe", "--topic", "accounts"])?;
    assert!(topics.contains("PartitionCount: 3"), "{topics}");

    assert!(!processes_of(&folder)?.is_empty(), "the search for processes finds none at all");
    timed("stop Kafka", || kafka.stop())?;
    assert_eq!(processes_of(&folder)?, Vec::<String>::new());
    drop(kafka);
    assert!(!folder.exists(), "{} is still there", folder.display());
    Ok(())
}

#[test]
fn a_broker_that_cannot_start_shows_the_end_of_its_log() {
    let properties = [("metric.reporters", "no.such.Reporter")];
    let refused = Kafka::start(&KafkaOptions { properties: &properties, ..KafkaOptions::default() });
    let Err(error) = refused else {
        // A broker that is not ours is not started, and takes no properties.
        return;
    };
    assert!(
        matches!(error, BrokerError::Ended { .. }) && error.to_string().contains("no.such.Reporter"),
        "{error}"
    );
}

#[test]
fn a_registry_returns_the_schema_it_was_given_over_a_restart_and_leaves_no_process() -> Outcome {
    let mut registry = timed("start the registry", Registry::start)?;
    let agent: ureq::Agent = ureq::Agent::config_builder().proxy(None).build().into();
    let schema = r#"{"type":"record","name":"Payment","fields":[{"name":"account_id","type":"string"}]}"#;

    let body = serde_json::json!({ "schema": schema }).to_string();
    let versions = format!("{}/subjects/payments-value/versions", registry.url());
    let request = agent.post(&versions).header("Content-Type", "application/vnd.schemaregistry.v1+json");
    let stored = json(request.send(&body)?)?;
    let id = stored.get("id").and_then(serde_json::Value::as_i64).ok_or("no id")?;

    let returned = json(agent.get(format!("{}/schemas/ids/{id}", registry.url())).call()?)?;
    let returned = returned.get("schema").and_then(serde_json::Value::as_str).ok_or("no schema")?;
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(returned)?,
        serde_json::from_str::<serde_json::Value>(schema)?
    );

    let Some(folder) = folder_of(registry.log()) else {
        return not_ours();
    };
    timed("restart the registry", || registry.restart())?;
    let still = json(agent.get(format!("{}/schemas/ids/{id}", registry.url())).call()?)?;
    assert!(still.get("schema").is_some(), "{still}");
    timed("stop the registry", || registry.stop())?;
    assert_eq!(processes_of(&folder)?, Vec::<String>::new());
    Ok(())
}

#[test]
fn a_broker_and_its_folder_do_not_outlive_a_test_that_was_killed() -> Outcome {
    let mut owner = Command::new(std::env::current_exe()?)
        .args(["--ignored", "--exact", "owner_to_be_killed", "--nocapture"])
        .stdout(Stdio::piped())
        .spawn()?;
    let output = owner.stdout.take().ok_or("no output")?;
    let folder = BufReader::new(output)
        .lines()
        .map_while(Result::ok)
        .find_map(|line| line.split_once(FOLDER).map(|(_, folder)| PathBuf::from(folder)));
    let running = folder.as_deref().map_or(Ok(Vec::new()), processes_of);
    owner.kill()?;
    owner.wait()?;
    let Some(folder) = folder else {
        return not_ours();
    };
    assert!(!running?.is_empty(), "the broker never ran");

    let deadline = Instant::now() + Duration::from_secs(10);
    while folder.exists() || !processes_of(&folder)?.is_empty() {
        let outlived = processes_of(&folder)?;
        assert!(Instant::now() < deadline, "{outlived:?} outlived their owner in {}", folder.display());
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// Goes before the folder in what `owner_to_be_killed` prints.
const FOLDER: &str = "the broker runs in ";

#[test]
#[ignore = "not a test: the process that a_broker_and_its_folder_do_not_outlive_a_test_that_was_killed kills"]
fn owner_to_be_killed() -> Outcome {
    let kafka = Kafka::start(&KafkaOptions::default())?;
    if let Some(folder) = folder_of(kafka.log()) {
        println!("{FOLDER}{}", folder.display());
        thread::sleep(Duration::from_secs(30));
    }
    Ok(())
}

fn folder_of(log: Option<PathBuf>) -> Option<PathBuf> {
    log.and_then(|log| log.parent().map(Path::to_owned))
}

#[expect(clippy::unnecessary_wraps, reason = "it ends a test")]
fn not_ours() -> Outcome {
    println!("the environment names a server of someone else: its life is not for this test to try");
    Ok(())
}

fn timed<T>(what: &str, action: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let result = action();
    println!("{what}: {:.2} s", begun.elapsed().as_secs_f64());
    result
}

fn json(response: ureq::http::Response<ureq::Body>) -> Result<serde_json::Value, Box<dyn Error>> {
    Ok(serde_json::from_str(&response.into_body().read_to_string()?)?)
}

/// The command lines of all processes that name a folder.
fn processes_of(folder: &Path) -> Result<Vec<String>, std::io::Error> {
    let folder = folder.to_string_lossy();
    let processes = fs::read_dir("/proc")?.filter_map(Result::ok);
    // A process may end while it is looked at.
    let commands = processes.filter_map(|process| fs::read(process.path().join("cmdline")).ok());
    let commands = commands.map(|command| String::from_utf8_lossy(&command).replace('\0', " "));
    Ok(commands.filter(|command| command.contains(&*folder)).collect())
}
