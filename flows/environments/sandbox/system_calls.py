"""Names and numbers of the system calls that the sandbox refuses, for x86-64 and arm64.

Numbers are those of asm/unistd_64.h and asm-generic/unistd.h of Linux 6.1.
"""

_REFUSED = """
mount umount2 pivot_root chroot swapon swapoff reboot sethostname setdomainname init_module finit_module delete_module
kexec_load kexec_file_load acct quotactl quotactl_fd settimeofday clock_settime clock_adjtime adjtimex iopl ioperm
syslog add_key request_key keyctl bpf perf_event_open userfaultfd ptrace process_vm_readv process_vm_writev kcmp
name_to_handle_at open_by_handle_at fanotify_init lookup_dcookie setns move_pages migrate_pages mbind set_mempolicy
set_mempolicy_home_node open_tree move_mount fsopen fsconfig fsmount fspick mount_setattr vhangup modify_ldt vmsplice
pidfd_getfd process_madvise
"""
_ABSENT = """
io_uring_setup io_uring_enter io_uring_register clone3 memfd_create memfd_secret shmget msgget semget openat2 nfsservctl
uselib _sysctl
"""
REFUSED = frozenset(_REFUSED.split())
"""They answer EPERM."""
ABSENT = frozenset(_ABSENT.split())
"""They answer ENOSYS, so that programs fall back to older calls."""

_X86_64 = """
mount 165 umount2 166 pivot_root 155 chroot 161 swapon 167 swapoff 168 reboot 169 sethostname 170 setdomainname 171
init_module 175 finit_module 313 delete_module 176 kexec_load 246 kexec_file_load 320 acct 163 quotactl 179
quotactl_fd 443 settimeofday 164 clock_settime 227 clock_adjtime 305 adjtimex 159 iopl 172 ioperm 173 syslog 103
add_key 248 request_key 249 keyctl 250 bpf 321 perf_event_open 298 userfaultfd 323 io_uring_setup 425
io_uring_enter 426 io_uring_register 427 ptrace 101 process_vm_readv 310 process_vm_writev 311 kcmp 312
name_to_handle_at 303 open_by_handle_at 304 fanotify_init 300 lookup_dcookie 212 setns 308 unshare 272 clone 56
clone3 435 move_pages 279 migrate_pages 256 mbind 237 set_mempolicy 238 set_mempolicy_home_node 450 open_tree 428
move_mount 429 fsopen 430 fsconfig 431 fsmount 432 fspick 433 mount_setattr 442 memfd_secret 447 memfd_create 319
shmget 29 msgget 68 semget 64 vhangup 153 nfsservctl 180 uselib 134 _sysctl 156 modify_ldt 154 personality 135
chmod 90 fchmod 91 fchmodat 268 mkdir 83 mkdirat 258 mknod 133 mknodat 259 open 2 openat 257 openat2 437 creat 85
socket 41 socketpair 53 ioctl 16 prctl 157 vmsplice 278 pidfd_getfd 438 process_madvise 440
"""
_ARM64 = """
mount 40 umount2 39 pivot_root 41 chroot 51 swapon 224 swapoff 225 reboot 142 sethostname 161 setdomainname 162
init_module 105 finit_module 273 delete_module 106 kexec_load 104 kexec_file_load 294 acct 89 quotactl 60
quotactl_fd 443 settimeofday 170 clock_settime 112 clock_adjtime 266 adjtimex 171 syslog 116 add_key 217
request_key 218 keyctl 219 bpf 280 perf_event_open 241 userfaultfd 282 io_uring_setup 425 io_uring_enter 426
io_uring_register 427 ptrace 117 process_vm_readv 270 process_vm_writev 271 kcmp 272 name_to_handle_at 264
open_by_handle_at 265 fanotify_init 262 lookup_dcookie 18 setns 268 unshare 97 clone 220 clone3 435 move_pages 239
migrate_pages 238 mbind 235 set_mempolicy 237 set_mempolicy_home_node 450 open_tree 428 move_mount 429 fsopen 430
fsconfig 431 fsmount 432 fspick 433 mount_setattr 442 memfd_secret 447 memfd_create 279 shmget 194 msgget 186
semget 190 vhangup 58 nfsservctl 42 personality 92 fchmod 52 fchmodat 53 mkdirat 34 mknodat 33 openat 56 openat2 437
socket 198 socketpair 199 ioctl 29 prctl 167 vmsplice 75 pidfd_getfd 438 process_madvise 440
"""
_TABLES = {"x86_64": _X86_64, "aarch64": _ARM64}


def numbers(machine: str) -> dict[str, int]:
    """Numbers of the calls by name, for a kind of machine as `platform.machine()` names it; raises KeyError."""
    words = _TABLES[machine].split()
    return {name: int(number) for name, number in zip(words[::2], words[1::2], strict=True)}
