import CCurl

/// Keeps a service's memory from following how long it has run. The C library gives each thread
/// an arena of its own and raises its thresholds as it goes; both only cost a service whose batches
/// are of one size. To be called before the first thread is made.
enum ProcessMemory {
  static func keepSmall() {
    mallopt(M_ARENA_MAX, 1)
    mallopt(M_MMAP_THRESHOLD, 128 << 10)
    mallopt(M_TRIM_THRESHOLD, 128 << 10)
  }
}
