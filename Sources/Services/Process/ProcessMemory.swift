import CCurl

/// Keeps a service's memory from growing with its running time. The C library gives each thread its
/// own arena and raises its thresholds over time; for a service with batches of one size, both are
/// only a cost. Call it before the first thread is created.
enum ProcessMemory {
  static func keepSmall() {
    mallopt(M_ARENA_MAX, 1)
    mallopt(M_MMAP_THRESHOLD, 128 << 10)
    mallopt(M_TRIM_THRESHOLD, 128 << 10)
  }
}
