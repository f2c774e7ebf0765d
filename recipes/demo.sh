#!/bin/sh
# The whole path as text: from nothing to a report, on a laptop's processor.
#   sh recipes/demo.sh [FOLDER]
set -eu
folder=${1:-demo}
recipe=$(dirname "$0")/demo.toml

# Paint a gallery, prepare and audit it, train a classifier, evaluate it, write the report and the page. Killed in the middle, the
# same command goes on from there. The stages by hand are:
# sample, prepare, audit, train classifier, autoencoder and painter, evaluate and atlas each, report, site.
impasto study -o "$folder/study" --config "$recipe"

# Ask the network about the test pictures of one style, with heat maps.
impasto predict "$folder/study/runs/classifier" "$folder/study/gallery/test/Impasto" -o "$folder/heatmaps"

echo "open $folder/study/report.html"
[ ! -f "$folder/study/site/index.html" ] || echo "open $folder/study/site/index.html"
