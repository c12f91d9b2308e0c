#!/bin/bash
# The corpus on a standalone Spark master with two workers of this machine, beside embedded Spark: the same bytes; and again with one worker
# killed in the middle.
#
#   benchmarks/corpus-cluster.sh DATA TOKENIZER WORK [SECONDS-UNTIL-THE-KILL]
#
# Needs app/target/skald.jar and app/target/class-path-spark (mvn package), and a JAVA_HOME with JDK 25.
set -eu
cd "$(dirname "$0")/.."
data=$1 tokenizer=$2 work=$3 seconds=${4:-12}
jar=${JAR:-$PWD/app/target/skald.jar}
path=$jar:$(cat "${CLASS_PATH:-app/target/class-path-spark}")
port=17077
mkdir -p "$work/home/jars" "$work/logs"
echo "$path" | tr ':' '\n' | while read -r file; do [ -f "$file" ] && ln -sf "$file" "$work/home/jars/"; done
export SPARK_HOME=$work/home SPARK_SCALA_VERSION=2.13 SPARK_LOCAL_IP=127.0.0.1
java="$JAVA_HOME/bin/java @jvm.options @jvm-spark.options"

pids=
trap 'kill $pids 2>/dev/null || true' EXIT

start() {
    pids=
    $java -Xmx512m -cp "$path" org.apache.spark.deploy.master.Master --host 127.0.0.1 --port $port --webui-port 0 >"$work/logs/master" 2>&1 &
    pids="$pids $!"
    sleep 4
    for worker in 1 2; do
        $java -Xmx512m -cp "$path" org.apache.spark.deploy.worker.Worker --host 127.0.0.1 --cores 1 --memory 2g --webui-port 0 \
            --work-dir "$work/worker$worker" spark://127.0.0.1:$port >"$work/logs/worker$worker" 2>&1 &
        pids="$pids $!"
        last=$!
    done
    sleep 4
}

run() { # name, master
    rm -rf "$work/$1"
    $java -Xmx2g -cp "$path" dev.skald.cli.Main corpus configs/nordic-pile/corpus.yaml --spark "$2" \
        data="$data" tokenizer="$tokenizer" output="$work/$1" >"$work/logs/$1" 2>&1 || { tail -5 "$work/logs/$1"; return 1; }
    (cd "$work/$1" && find . -type f ! -name recipe.yaml | sort | xargs sha256sum | sha256sum | sed "s/-/$1/")
}

run local 'local[2]'
start
run cluster spark://127.0.0.1:$port
(sleep "$seconds"; executors=$(ps -o pid= --ppid "$last"); kill -9 "$last" $executors; echo "killed worker 2 and its executor after $seconds s") &
run killed spark://127.0.0.1:$port
grep -h 'tasks in' "$work/logs/killed" | head -12
