import Glibc

/// What the kernel says of this process, under the names every Prometheus client uses. Whatever
/// cannot be read is left out.
public enum ProcessSamples {
  public static let families: [MetricDescription] = [
    cpu, start, resident, virtual, openFiles, mostFiles,
  ]

  private static let cpu = MetricDescription.counter(
    "process_cpu_seconds_total", "Processor time used, user and system, in seconds.")
  private static let start = MetricDescription.gauge(
    "process_start_time_seconds", "Start of the process, in seconds since 1970.")
  private static let resident = MetricDescription.gauge(
    "process_resident_memory_bytes", "Memory in use, in bytes.")
  private static let virtual = MetricDescription.gauge(
    "process_virtual_memory_bytes", "Address space in use, in bytes.")
  private static let openFiles = MetricDescription.gauge(
    "process_open_fds", "Open file descriptors.")
  private static let mostFiles = MetricDescription.gauge(
    "process_max_fds", "Maximum number of open file descriptors.")

  public static func read() -> [MetricSample] { times() + files() }

  private static func times() -> [MetricSample] {
    // The second field, the program's name in brackets, may hold anything: what follows counts.
    guard let stat = contents(of: "/proc/self/stat"), let end = stat.lastIndex(of: ")") else {
      return []
    }
    let fields = stat[end...].split(separator: " ").dropFirst().compactMap { Double($0) }
    // The state is no number and falls out: field 4 of the manual page is number 0 here.
    guard fields.count > 20 else { return [] }
    let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
    var samples = [
      MetricSample(cpu, (fields[10] + fields[11]) / ticks),
      MetricSample(virtual, fields[19]),
      MetricSample(resident, fields[20] * Double(sysconf(Int32(_SC_PAGESIZE)))),
    ]
    if let boot = bootTime() { samples.append(MetricSample(start, boot + fields[18] / ticks)) }
    return samples
  }

  private static func bootTime() -> Double? {
    contents(of: "/proc/stat")?.split(separator: "\n").first { $0.hasPrefix("btime ") }
      .flatMap { Double($0.dropFirst("btime ".count)) }
  }

  private static func files() -> [MetricSample] {
    var samples: [MetricSample] = []
    if let folder = opendir("/proc/self/fd") {
      var count = 0
      while readdir(folder) != nil { count += 1 }
      closedir(folder)
      // Without `.`, `..` and the folder that is being read.
      samples.append(MetricSample(openFiles, Double(max(count - 3, 0))))
    }
    var limit = rlimit()
    if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
      samples.append(MetricSample(mostFiles, Double(limit.rlim_cur)))
    }
    return samples
  }

  /// Files of /proc have no size that could be asked for: read to the end.
  private static func contents(of path: String) -> String? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var page = [UInt8](repeating: 0, count: 4096)
    while case let count = fread(&page, 1, page.count, file), count > 0 {
      bytes += page[..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
