#!/usr/bin/env bash
# Builds the Flink peer, tests it, and prints the program's path.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../jvm.sh
source "$here/../jvm.sh"

# Flink reads fields of Java's own classes, which wants them opened. RocksDB's memory lies outside of the heap.
opens="--add-opens=java.base/java.lang=ALL-UNNAMED --add-opens=java.base/java.util=ALL-UNNAMED --add-opens=java.base/java.time=ALL-UNNAMED"
build_peer flink "-Xms1g -Xmx1g -XX:+UseParallelGC $opens"
