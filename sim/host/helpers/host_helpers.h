/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SIM_HOST_HELPERS_HOST_HELPERS_H
#define SIM_HOST_HELPERS_HOST_HELPERS_H

#include <stdint.h>

struct sim_host;

/* One function a row of host_helpers.def or host_kfuncs.def (some serve several): R1..R5 in, R0 out. */
uint64_t sim_helper_map_lookup_elem(struct sim_host *h, const uint64_t *a);
uint64_t sim_helper_map_lookup_percpu_elem(struct sim_host *h, const uint64_t *a);
uint64_t sim_helper_map_update_elem(struct sim_host *h, const uint64_t *a);
uint64_t sim_helper_map_delete_elem(struct sim_host *h, const uint64_t *a);
uint64_t sim_helper_ktime_get_ns(struct sim_host *h, const uint64_t *a);
uint64_t sim_helper_get_prandom_u32(struct sim_host *h, const uint64_t *a);
uint64_t sim_helper_get_smp_processor_id(struct sim_host *h, const uint64_t *a);
uint64_t sim_helper_get_numa_node_id(struct sim_host *h, const uint64_t *a);
uint64_t sim_helper_trace_printk(struct sim_host *h, const uint64_t *a);
uint64_t sim_helper_spin_lock(struct sim_host *h, const uint64_t *a);
uint64_t sim_helper_spin_unlock(struct sim_host *h, const uint64_t *a);
uint64_t sim_helper_guest_code(struct sim_host *h, const uint64_t *a);
uint64_t sim_helper_tail_call(struct sim_host *h, const uint64_t *a);
uint64_t sim_helper_redirect(struct sim_host *h, const uint64_t *a);
uint64_t sim_helper_redirect_map(struct sim_host *h, const uint64_t *a);
uint64_t sim_helper_perf_event_output(struct sim_host *h, const uint64_t *a);
uint64_t sim_helper_csum_diff(struct sim_host *h, const uint64_t *a);
uint64_t sim_helper_xdp_adjust_head(struct sim_host *h, const uint64_t *a);
uint64_t sim_helper_xdp_adjust_tail(struct sim_host *h, const uint64_t *a);
uint64_t sim_helper_xdp_adjust_meta(struct sim_host *h, const uint64_t *a);
uint64_t sim_helper_xdp_get_buff_len(struct sim_host *h, const uint64_t *a);
uint64_t sim_helper_xdp_load_bytes(struct sim_host *h, const uint64_t *a);
uint64_t sim_helper_xdp_store_bytes(struct sim_host *h, const uint64_t *a);
uint64_t sim_helper_skb_store_bytes(struct sim_host *h, const uint64_t *a);
uint64_t sim_helper_skb_load_bytes(struct sim_host *h, const uint64_t *a);
uint64_t sim_helper_l3_csum_replace(struct sim_host *h, const uint64_t *a);
uint64_t sim_helper_l4_csum_replace(struct sim_host *h, const uint64_t *a);
uint64_t sim_helper_skb_vlan_push(struct sim_host *h, const uint64_t *a);
uint64_t sim_helper_skb_vlan_pop(struct sim_host *h, const uint64_t *a);
uint64_t sim_helper_skb_change_head(struct sim_host *h, const uint64_t *a);
uint64_t sim_helper_redirect_neigh(struct sim_host *h, const uint64_t *a);
uint64_t sim_helper_redirect_peer(struct sim_host *h, const uint64_t *a);
uint64_t sim_helper_ringbuf_reserve(struct sim_host *h, const uint64_t *a);
uint64_t sim_helper_ringbuf_submit(struct sim_host *h, const uint64_t *a);
uint64_t sim_helper_ringbuf_discard(struct sim_host *h, const uint64_t *a);
uint64_t sim_helper_ringbuf_output(struct sim_host *h, const uint64_t *a);
uint64_t sim_helper_ringbuf_query(struct sim_host *h, const uint64_t *a);
uint64_t sim_helper_fib_lookup(struct sim_host *h, const uint64_t *a);
uint64_t sim_helper_check_mtu(struct sim_host *h, const uint64_t *a);
uint64_t sim_helper_jiffies64(struct sim_host *h, const uint64_t *a);
uint64_t sim_helper_strncmp(struct sim_host *h, const uint64_t *a);
uint64_t sim_helper_dynptr_from_mem(struct sim_host *h, const uint64_t *a);
uint64_t sim_helper_dynptr_from_packet(struct sim_host *h, const uint64_t *a);
uint64_t sim_helper_dynptr_read(struct sim_host *h, const uint64_t *a);
uint64_t sim_helper_dynptr_write(struct sim_host *h, const uint64_t *a);
uint64_t sim_helper_dynptr_data(struct sim_host *h, const uint64_t *a);
uint64_t sim_helper_dynptr_slice(struct sim_host *h, const uint64_t *a);
uint64_t sim_helper_dynptr_memset(struct sim_host *h, const uint64_t *a);
uint64_t sim_helper_dynptr_adjust(struct sim_host *h, const uint64_t *a);
uint64_t sim_helper_dynptr_is_null(struct sim_host *h, const uint64_t *a);
uint64_t sim_helper_dynptr_size(struct sim_host *h, const uint64_t *a);
uint64_t sim_helper_dynptr_clone(struct sim_host *h, const uint64_t *a);
uint64_t sim_helper_ringbuf_reserve_dynptr(struct sim_host *h, const uint64_t *a);
uint64_t sim_helper_ringbuf_submit_dynptr(struct sim_host *h, const uint64_t *a);
uint64_t sim_helper_ringbuf_discard_dynptr(struct sim_host *h, const uint64_t *a);
uint64_t sim_helper_zero(struct sim_host *h, const uint64_t *a);
uint64_t sim_helper_no_metadata(struct sim_host *h, const uint64_t *a);
uint64_t sim_helper_iter_num_new(struct sim_host *h, const uint64_t *a);
uint64_t sim_helper_iter_num_next(struct sim_host *h, const uint64_t *a);
uint64_t sim_helper_iter_num_destroy(struct sim_host *h, const uint64_t *a);
uint64_t sim_helper_skb_pull_data(struct sim_host *h, const uint64_t *a);

#endif
