/* Programs of several types that would stop the machine; never to be loaded. */
struct pt_regs;
extern void crash_kexec(struct pt_regs *regs) __attribute__((section(".ksyms")));

struct xdp_md {
	unsigned int data, data_end;
};

#define SEC(name) __attribute__((section(name), used))

SEC("xdp") int on_packet(struct xdp_md *ctx)
{
	unsigned char *data = (unsigned char *)(long)ctx->data;
	unsigned char *end = (unsigned char *)(long)ctx->data_end;

	if (data + 14 > end)
		return 1;
	if (data[12] == 0x66)
		crash_kexec(0);
	return 2;
}

SEC("tc") int on_classify(void *ctx)
{
	crash_kexec(0);
	return 0;
}

SEC("action") int on_action(void *ctx)
{
	crash_kexec(0);
	return 0;
}

SEC("kprobe/do_nanosleep") int on_probe(void *ctx)
{
	crash_kexec(0);
	return 0;
}

SEC("tracepoint/syscalls/sys_enter_nanosleep") int on_tracepoint(void *ctx)
{
	crash_kexec(0);
	return 0;
}

SEC("socket") int on_socket(void *ctx)
{
	crash_kexec(0);
	return 0;
}

SEC("xdp") int harmless(struct xdp_md *ctx)
{
	return 2;
}

char _license[] SEC("license") = "GPL";
