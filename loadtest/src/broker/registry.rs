//! A schema registry with Confluent's API: Apicurio Registry, which keeps schemas in a file.

use std::path::PathBuf;
use std::time::Duration;

use super::BrokerError;
use super::installed::{Java, Package};
use super::server::{Held, Launch, Server, free_ports, temporary_folder};

const PACKAGE: Package = Package {
    server: "the schema registry",
    folder: "registry",
    pom: include_str!("../../broker/registry/pom.xml"),
};

/// Names a registry to use instead of starting one.
const VARIABLE: &str = "WEIR_TEST_REGISTRY";

/// It takes some 7 s on two busy cores.
const START_WITHIN: Duration = Duration::from_secs(90);

/// A schema registry for tests. Dropping it ends it and removes its folder.
pub struct Registry(Held);

impl Registry {
    /// Starts a registry and waits until it answers.
    ///
    /// Where `WEIR_TEST_REGISTRY` is set, the one at that URL is used as it is.
    pub fn start() -> Result<Self, BrokerError> {
        if let Some(theirs) = Held::named_by(VARIABLE, PACKAGE.server) {
            return Ok(Self(theirs));
        }
        let installed = PACKAGE.find()?;
        let folder = temporary_folder(PACKAGE.server)?;
        let [port] = free_ports()?;

        let mut java = Java::new(folder.path());
        java.property("quarkus.http.host", "127.0.0.1");
        java.property("quarkus.http.port", port.to_string());
        java.property("quarkus.http.access-log.enabled", "false");
        // In memory by default: whoever asked one that came back would hear that there are no schemas.
        let database = folder.path().join("schemas");
        java.property("apicurio.datasource.url", format!("jdbc:h2:file:{}", database.display()));
        let jar = installed.join(format!("apicurio-registry-app-{}-runner.jar", PACKAGE.version()));
        let command = java.command(["-jar".into(), jar.into_os_string()]);
        let address = format!("http://127.0.0.1:{port}/apis/ccompat/v7");
        let launch = Launch { server: PACKAGE.server, command, address, answers, start_within: START_WITHIN };
        Ok(Self(Held::Ours(Server::start(launch, folder)?)))
    }

    /// What clients take as the registry's URL: the root of version 7 of Confluent's API.
    pub fn url(&self) -> &str {
        self.0.address()
    }

    /// Where the registry writes its log; `None` for a registry that is not ours.
    pub fn log(&self) -> Option<PathBuf> {
        self.0.log()
    }

    /// Ends the registry in good order. A registry that is not ours is left alone.
    pub fn stop(&mut self) -> Result<(), BrokerError> {
        self.0.stop()
    }

    /// Ends the registry as a crash would.
    pub fn kill(&mut self) -> Result<(), BrokerError> {
        self.0.kill()
    }

    /// Starts the registry again on the same port, after stopping it if it runs, with the schemas
    /// that it had.
    pub fn restart(&mut self) -> Result<(), BrokerError> {
        self.0.restart()
    }
}

fn answers(url: &str) -> bool {
    const PATIENCE: Duration = Duration::from_secs(5);
    // No proxy, whatever the environment names: the registry is on this machine.
    let agent = ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).proxy(None).build().new_agent();
    agent.get(format!("{url}/subjects")).call().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_the_poms() {
        assert!(PACKAGE.version().starts_with("3."), "{}", PACKAGE.version());
    }
}
