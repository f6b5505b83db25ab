# What the build scripts of the peers in Java share; sourced by them, with `here` set to their folder.
#
# Nothing is written into the clone: the result goes to a cache folder that all clones share, under
# a name made of what it was built from, so that an unchanged peer is built once a machine.

# Half a minute of work, and some hundred MB to fetch the first time.
build_seconds=900

fail() {
    echo "$(basename "$here") peer: $*" >&2
    exit 1
}

# All that the result depends on.
peer_sources() {
    find "$here/pom.xml" "$here/build.sh" "$here/src" "$here/../jvm.sh" "$here/../rules/src" "$here/../../../schemas/avsc" \
        "$here/../../policies/yardstick.policy.yaml" -type f | sort
}

# build_peer NAME JAVA_OPTIONS: builds and tests what is not built yet, and prints the program's path.
build_peer() {
    local name=$1 options=$2 tool content folder cache=${XDG_CACHE_HOME:-$HOME/.cache}/weir/peers
    for tool in javac mvn flock timeout sha256sum; do
        command -v "$tool" >/dev/null || fail "$tool is missing (Debian: openjdk-17-jdk-headless, maven, util-linux, coreutils)"
    done
    content=$(peer_sources | xargs sha256sum | sed "s: $here/: :" | sha256sum | cut -c 1-12)
    folder=$cache/$name-$content
    if [ ! -x "$folder/$name-peer" ]; then
        mkdir -p "$cache"
        # Two clones that build the same at once would write into the same folder.
        exec 9>"$cache/build.lock"
        flock --timeout "$build_seconds" 9 || fail "another build still holds $cache/build.lock"
        [ -x "$folder/$name-peer" ] || build_into "$folder" "$name" "$options"
        exec 9>&-
    fi
    echo "$folder/$name-peer"
}

build_into() {
    local folder=$1 name=$2 options=$3 partial=$1.partial
    rm -rf "$partial"
    mkdir -p "$partial/tmp"
    # The test on a real broker takes two minutes, and is run by itself: the README says how.
    env -u KAFKA_BOOTSTRAP timeout --foreground --kill-after=10 "$build_seconds" \
        mvn --quiet --batch-mode -Dstyle.color=never -f "$here/pom.xml" -Dfolder="$partial" package >&2 ||
        fail "Maven could not build it (status $?; 124 means it took over $build_seconds s)"
    cat >"$partial/$name-peer" <<SH
#!/usr/bin/env bash
here=\$(cd "\$(dirname "\${BASH_SOURCE[0]}")" && pwd)
java=java
[ -z "\${JAVA_HOME:-}" ] || java=\$JAVA_HOME/bin/java
exec "\$java" $options -XX:-UsePerfData -XX:+ExitOnOutOfMemoryError \${PEER_JAVA_OPTIONS:-} \\
    -cp "\$here/classes:\$here/libs/*" weir.peers.Main "\$@"
SH
    chmod +x "$partial/$name-peer"
    rm -rf "$folder" "$partial/tmp"
    mv "$partial" "$folder"
}
