/* tc: fields of struct __sk_buff that a kernel finds in its own structures, helpers that change packets,
 * legacy packet loads. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

unsigned long long load_byte(void *skb, unsigned long long off) asm("llvm.bpf.load.byte");
unsigned long long load_half(void *skb, unsigned long long off) asm("llvm.bpf.load.half");
unsigned long long load_word(void *skb, unsigned long long off) asm("llvm.bpf.load.word");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, __u64);
} seen SEC(".maps");

__u64 fields;

static void remember(__u32 key)
{
	__u64 one = 1, *v = bpf_map_lookup_elem(&seen, &key);

	if (v)
		__sync_fetch_and_add(v, 1);
	else
		bpf_map_update_elem(&seen, &key, &one, BPF_ANY);
}

static int lower_ttl(struct __sk_buff *skb)
{
	__u16 from, to;
	__u8 ttl;

	if (bpf_skb_load_bytes(skb, 22, &from, sizeof(from)))
		return TC_ACT_SHOT;
	to = from - 1;
	ttl = (__u8)to;
	bpf_l3_csum_replace(skb, 24, from, to, sizeof(to));
	bpf_skb_store_bytes(skb, 22, &ttl, sizeof(ttl), 0);
	return TC_ACT_OK;
}

SEC("tc")
int skb(struct __sk_buff *skb)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	__u32 proto = load_half(skb, 12);

	fields += skb->len + skb->protocol + skb->ifindex + skb->ingress_ifindex + skb->mark;
	fields += skb->vlan_present + skb->vlan_tci + skb->wire_len + skb->cb[1];
	skb->mark = proto;
	skb->cb[1] = proto;
	remember(proto);
	if (proto == 0x0806)
		return load_byte(skb, 21) == 1 ? TC_ACT_UNSPEC : TC_ACT_STOLEN;
	if (proto == 0x8100)
		return bpf_skb_vlan_pop(skb) ? TC_ACT_SHOT : TC_ACT_OK;
	if (proto != 0x0800)
		return TC_ACT_UNSPEC;
	if (data + 34 > end)
		return TC_ACT_PIPE;
	remember(load_word(skb, 26) & 0xff);
	if (((__u8 *)data)[23] == 17 && bpf_skb_vlan_push(skb, bpf_htons(0x8100), 5))
		return TC_ACT_QUEUED;
	if (skb->vlan_present)
		return skb->vlan_tci == 5 ? TC_ACT_OK : TC_ACT_RECLASSIFY;
	return lower_ttl(skb);
}

char _license[] SEC("license") = "Dual BSD/GPL";
