#!/usr/bin/env bash
# Builds the Kafka Streams peer, tests it, and prints the program's path.
#
# Nothing is written into the clone: the result goes to a cache folder that all clones share, under
# a name made of what it was built from, so that an unchanged peer is built once a machine.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
schemas=$here/../../../schemas/avsc
cache=${XDG_CACHE_HOME:-$HOME/.cache}/weir/peers
# Half a minute of work, and as much to fetch some 100 MB the first time.
seconds=900

fail() {
    echo "kafka-streams peer: $*" >&2
    exit 1
}

for tool in javac mvn flock timeout sha256sum; do
    command -v "$tool" >/dev/null || fail "$tool is missing (Debian: openjdk-17-jdk-headless, maven, util-linux, coreutils)"
done

sources() { find "$here/pom.xml" "$here/build.sh" "$here/src" "$here/../rules" "$schemas" "$here/../../policies/yardstick.policy.yaml" -type f | sort; }
content=$(sources | xargs sha256sum | sed "s: $here/: :" | sha256sum | cut -c 1-12)
folder=$cache/kafka-streams-$content
program=$folder/kafka-streams-peer

build() {
    local partial=$folder.partial
    rm -rf "$partial"
    mkdir -p "$partial/tmp"
    # The test on a real broker takes two minutes, and is run by itself: README.md says how.
    env -u KAFKA_BOOTSTRAP timeout --foreground --kill-after=10 "$seconds" \
        mvn --quiet --batch-mode -Dstyle.color=never -f "$here/pom.xml" -Dfolder="$partial" package >&2 ||
        fail "Maven could not build it (status $?; 124 means it took over $seconds s)"
    # Its heap holds the cache of the stores (256 MiB) and what the clients buffer. RocksDB's memory lies outside of it.
    # The parallel collector costs less of two cores than the concurrent ones; pauses of some ten milliseconds are hidden by
    # the commit interval.
    cat >"$partial/kafka-streams-peer" <<'SH'
#!/usr/bin/env bash
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
java=java
[ -z "${JAVA_HOME:-}" ] || java=$JAVA_HOME/bin/java
exec "$java" -Xms1g -Xmx1g -XX:+UseParallelGC -XX:-UsePerfData -XX:+ExitOnOutOfMemoryError ${PEER_JAVA_OPTIONS:-} \
    -cp "$here/classes:$here/libs/*" weir.peers.Main "$@"
SH
    chmod +x "$partial/kafka-streams-peer"
    rm -rf "$folder" "$partial/tmp"
    mv "$partial" "$folder"
}

if [ ! -x "$program" ]; then
    mkdir -p "$cache"
    # Two clones that build the same at once would write into the same folder.
    exec 9>"$cache/build.lock"
    flock --timeout "$seconds" 9 || fail "another build still holds $cache/build.lock"
    [ -x "$program" ] || build
    exec 9>&-
fi
echo "$program"
