/* All kinds of CO-RE relocation, against the types of core_target.c. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#define RELOCATED __attribute__((preserve_access_index))

struct element {
	int z, w;
};

enum color { RED = 1, GREEN = 2 };

struct thing {
	int a;
	union {
		long first;
		struct {
			int b, c;
		};
	};
	struct element list[4];
	int narrow : 3;
	unsigned int wide : 9;
	enum color color;
	unsigned short grown;
	int signed_grown;
} RELOCATED;

struct thing___old {
	int gone;
} RELOCATED;

struct absent {
	int x;
} RELOCATED;

SEC("xdp") int fields(struct xdp_md *ctx)
{
	struct thing *t = (void *)(long)ctx->data;
	struct thing___old *old = (void *)t;
	int r = t->a + t->c + t->list[2].w + t->grown;

	if (bpf_core_field_exists(old->gone))
		r += old->gone;
	return r + bpf_core_field_size(t->list) + BPF_CORE_READ_BITFIELD(t, wide);
}

SEC("xdp") int types(struct xdp_md *ctx)
{
	return bpf_core_enum_value(enum color, GREEN) +
	       bpf_core_enum_value_exists(enum color, RED) + bpf_core_type_size(struct thing) +
	       bpf_core_type_exists(struct absent) + bpf_core_type_id_local(struct thing) +
	       bpf_core_type_id_kernel(struct thing) + bpf_core_type_matches(struct element);
}

SEC("tc") int unguarded(struct __sk_buff *skb)
{
	struct absent *n = (void *)(long)skb->data;

	return n->x;
}

SEC("tc") int resized(struct __sk_buff *skb)
{
	struct thing *t = (void *)(long)skb->data;

	return t->signed_grown;
}

char _license[] SEC("license") = "GPL";
