# Sourced by the scripts that keep installations in a cache.

# own_cache FOLDER: makes the folder, or takes one that these tests have made. What is in a cache is written over and
# removed, so a folder that holds anything of somebody else's is refused.
own_cache() {
  local marker=$1/.rlm-tests stamp
  mkdir -p "$1"
  [[ ! -f $marker ]] || return 0
  # Caches from before there was a marker.
  for stamp in llama/installed vscode/node/.complete node/.complete; do
    [[ ! -f $1/$stamp ]] || { touch "$marker"; return 0; }
  done
  if [[ -n $(ls -A "$1") ]]; then
    echo "$1 is not a cache of these tests: name a new or an empty folder" >&2
    return 2
  fi
  touch "$marker"
}
