import Foundation

/// A file that is written in large pieces; a fault names the file.
struct SampleFile {
  struct InjectedFault: Error, CustomStringConvertible {
    var description: String
  }

  let url: URL
  private let handle: FileHandle
  private var buffer: [UInt8] = []

  init(_ name: String, in folder: URL) throws {
    url = folder.appendingPathComponent(name)
    guard FileManager.default.createFile(atPath: url.path, contents: nil),
      let handle = FileHandle(forWritingAtPath: url.path)
    else { throw InjectedFault(description: "\(url.path) cannot be written") }
    self.handle = handle
    buffer.reserveCapacity(1 << 20)
  }

  mutating func write(_ text: String) throws {
    try write { $0.append(contentsOf: text.utf8) }
  }

  mutating func write<T>(_ body: (inout [UInt8]) throws -> T) throws -> T {
    let result = try body(&buffer)
    if buffer.count > 1 << 19 { try flush() }
    return result
  }

  mutating func close() throws {
    try flush()
    try handle.close()
  }

  private mutating func flush() throws {
    do {
      try handle.write(contentsOf: buffer)
      buffer.removeAll(keepingCapacity: true)
    } catch {
      throw InjectedFault(
        description: "\(url.path) cannot be written: \(error.localizedDescription)")
    }
  }
}
