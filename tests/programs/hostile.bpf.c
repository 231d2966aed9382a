/* Names and source lines that would be markup, escapes of graphviz, or another direction of writing if a
 * report did not escape them. Split with --pin table=host; tests/cli/report.sh looks at the result. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u32);
} table SEC(".maps");

int hostile(struct xdp_md *ctx) __asm__("x\"]; evil -> y; \\N <b>&amp;</b> \xff");

SEC("xdp")
int hostile(struct xdp_md *ctx)
{
	unsigned char *p = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end; /* </script><script>alert(1)</script> */
	__u32 key, *v;

	if (p + 34 > end || p[12] != 8 || p[13] || p[14] != 0x45) /* "></TD></TR></TABLE>>]; evil -> y [label="‮&quot; */
		return XDP_DROP; /* ]]> --> ' onclick='alert(2)' & \G \l \N */
	key = p[30] << 16 | p[31] << 8 | p[32];
	v = bpf_map_lookup_elem(&table, &key); /* <img src=x onerror=alert(3)> */
# 1 "</span><img src=x onerror=alert(4)>\"'.c"
	return v && *v ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
