#!/usr/bin/env bash
# Installs the servers the tests run against: Apache Kafka and a schema registry.
#
# The pom in each folder beside this file says what is fetched. It goes to a cache
# folder outside the clone, one for all clones, so that only the first setup on a
# machine needs the network. Starting the servers is the business of loadtest::broker.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/weir
# Some 150 MB in all; a slower network than this is broken.
seconds_each=900

say() { echo "broker: $*"; }
fail() {
    echo "broker: $*" >&2
    exit 1
}

# What is installed carries the pom it was made by, put there last: without it an
# install is half done, and with another it is out of date.
is_installed() { cmp -s "$here/$1/pom.xml" "$2/pom.xml"; }

check_tools() {
    local tool
    for tool in java mvn flock timeout; do
        command -v "$tool" >/dev/null || fail "$tool is missing (Debian: openjdk-17-jre-headless, maven, util-linux, coreutils)"
    done
    local version
    version=$(java -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p' | head -n 1)
    [[ ${version:-0} -ge 17 ]] || fail "java is version ${version:-unknown}; the servers want 17 or newer"
}

fetch() {
    local name=$1 version=$2 folder=$3 partial=$3.partial
    say "fetching $name $version"
    rm -rf "$partial"
    mkdir -p "$partial"
    # In the foreground, so that a Ctrl-C reaches Maven too.
    timeout --foreground --kill-after=10 "$seconds_each" \
        mvn --quiet --batch-mode -Dstyle.color=never -f "$here/$name/pom.xml" -Dfolder="$partial" package ||
        fail "Maven could not fetch $name (status $?; 124 means it took over $seconds_each s)"
    cp "$here/$name/pom.xml" "$partial/pom.xml"
    rm -rf "$folder"
    mv "$partial" "$folder"
}

install() {
    local name=$1 version folder
    version=$(sed -n 's:.*<server.version>\(.*\)</server.version>.*:\1:p' "$here/$name/pom.xml")
    folder=$cache/$name-$version
    if ! is_installed "$name" "$folder"; then
        check_tools
        mkdir -p "$cache"
        # Two clones set up at once would fetch into the same folder.
        exec 9>"$cache/install.lock"
        flock --timeout "$seconds_each" 9 || fail "another install still holds $cache/install.lock"
        is_installed "$name" "$folder" || fetch "$name" "$version" "$folder"
        exec 9>&-
    fi
    say "$name $version is installed in $folder"
}

install kafka
install registry
