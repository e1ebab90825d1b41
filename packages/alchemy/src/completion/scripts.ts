/** The shells that there are completions for. */
export const SHELLS = ["bash", "zsh", "fish"] as const
export type Shell = (typeof SHELLS)[number]

/**
 * Each asks `alchemy complete` and takes its lines as they are: words go into arrays, and nothing of them is evaluated.
 * A word is what stands left of the cursor.
 */
export const SCRIPTS: Readonly<Record<Shell, string>> = {
  // Bash cuts words at : = and @ (COMP_WORDBREAKS), and replaces what stands behind the last of them only; an @ it replaces too.
  // No array is read with mapfile: the bash of macOS is 3.2.
  bash: String.raw`# Completions of alchemy for bash.
# In this shell:   eval "$(alchemy completions bash)"
# In every shell:  alchemy completions bash > ~/.local/share/bash-completion/completions/alchemy
#                  (with the package bash-completion; without it, put the line above into ~/.bashrc)

_alchemy() {
  local rest=\${COMP_LINE:0:COMP_POINT} piece blank i words=() last=-1
  for ((i = 0; i <= COMP_CWORD; i++)); do
    blank=\${rest%%[![:space:]]*}
    rest=\${rest#"$blank"}
    piece=\${COMP_WORDS[i]}
    if ((i == COMP_CWORD)); then piece=$rest; fi
    if ((last < 0)) || [[ -n $blank ]]; then
      last=$((last + 1))
      words[last]=$piece
    else
      words[last]+=$piece
    fi
    rest=\${rest#"$piece"}
  done
  local current=\${words[last]} tail=\${words[last]} before value description
  for i in : =; do
    if [[ $COMP_WORDBREAKS == *"$i"* ]]; then tail=\${tail##*"$i"}; fi
  done
  if [[ $COMP_WORDBREAKS == *@* && $tail == *@* ]]; then tail=@\${tail##*@}; fi
  before=\${current%"$tail"}
  COMPREPLY=()
  while IFS=$'\t' read -r value description; do
    COMPREPLY[\${#COMPREPLY[@]}]=\${value#"$before"}
  done < <(command alchemy complete -- "\${words[@]:1}" 2>/dev/null)
}
complete -F _alchemy alchemy
`.replaceAll("\\$", "$"),

  zsh: String.raw`#compdef alchemy
# Completions of alchemy for zsh.
# In this shell:   source <(alchemy completions zsh)
# In every shell:  alchemy completions zsh > "\${fpath[1]}/_alchemy", then open a new one
# Where it says "command not found: compdef", ~/.zshrc needs this line first: autoload -Uz compinit && compinit

_alchemy() {
  local -a before values shown
  local value description
  before=("\${(@)words[2,CURRENT-1]}")
  ((CURRENT > 2)) || before=()
  while IFS=$'\t' read -r value description; do
    values+=("$value")
    shown+=("$value\${description:+  -- $description}")
  done < <(command alchemy complete -- "\${(@)before}" "$PREFIX" 2>/dev/null)
  (($#values)) && compadd -l -d shown -a values
}

if [[ "\${funcstack[1]}" == _alchemy ]]; then
  _alchemy "$@"
else
  compdef _alchemy alchemy
fi
`.replaceAll("\\$", "$"),

  fish: `# Completions of alchemy for fish.
# In this shell:   alchemy completions fish | source
# In every shell:  alchemy completions fish > ~/.config/fish/completions/alchemy.fish

function __alchemy_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    command alchemy complete -- $words[2..-1] "$current" 2>/dev/null
end
complete -c alchemy -f -a '(__alchemy_complete)'
`,
}
