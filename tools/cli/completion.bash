# bash completion for bpf-offload: commands, the options each lists in its own help, then files.
_bpf_offload() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}

	if [ "$COMP_CWORD" = 1 ]; then
		COMPREPLY=($(compgen -W "compile test check explain disasm run nic capture bench --help --version" -- "$cur"))
	elif [ "$prev" = --firmware ]; then
		COMPREPLY=($(compgen -W "corenic generous" -- "$cur") $(compgen -f -- "$cur"))
	elif [ "$prev" = --verifier ]; then
		COMPREPLY=($(compgen -W "embedded kernel both" -- "$cur"))
	elif [ "$prev" = --tap ] || [ "$prev" = --wire ]; then
		COMPREPLY=($(compgen -W "$(ls /sys/class/net 2>/dev/null)" -- "$cur"))
	elif [[ $cur == -* ]]; then
		COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" "${COMP_WORDS[1]}" --help 2>/dev/null |
			grep -oE -- '--[a-z-]+' | sort -u)" -- "$cur"))
	else
		COMPREPLY=($(compgen -f -- "$cur"))
	fi
}
complete -F _bpf_offload bpf-offload
