import CZlib

/// zlib's inflate over concatenated gzip members.
final class Inflater {
  enum State: Equatable {
    case running
    case damaged(String)
  }
  struct Step {
    var consumed: Int
    var produced: Int
    var state: State
  }

  /// On the heap: zlib keeps a pointer to it.
  private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
  /// True before the first and after each complete member: here the data may end.
  private(set) var isBetweenMembers = true
  private var padding = false

  init() {
    stream.initialize(to: z_stream())
    // 15 bits of window, plus 16 for the gzip format. It fails only when out of memory.
    let code = inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    precondition(code == Z_OK, "zlib cannot start: \(code)")
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
  }

  func inflate(
    _ input: UnsafeBufferPointer<UInt8>, into target: UnsafeMutableBufferPointer<UInt8>
  ) -> Step {
    if isBetweenMembers, let step = skipPadding(input) { return step }
    isBetweenMembers = false
    stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
    stream.pointee.avail_in = UInt32(input.count)
    stream.pointee.next_out = target.baseAddress
    stream.pointee.avail_out = UInt32(target.count)
    let code = CZlib.inflate(stream, Z_NO_FLUSH)
    var step = Step(
      consumed: input.count - Int(stream.pointee.avail_in),
      produced: target.count - Int(stream.pointee.avail_out), state: .running)
    switch code {
    case Z_OK, Z_BUF_ERROR: break
    case Z_STREAM_END:
      isBetweenMembers = true
      inflateReset(stream)
    default:
      step.state = .damaged(stream.pointee.msg.map { String(cString: $0) } ?? "code \(code)")
    }
    return step
  }

  /// Zero bytes may follow the last member (tapes, aligned copies); nothing may follow those.
  private func skipPadding(_ input: UnsafeBufferPointer<UInt8>) -> Step? {
    let zeros = input.prefix { $0 == 0 }.count
    if zeros > 0 { padding = true }
    guard padding else { return nil }
    let state: State = zeros == input.count ? .running : .damaged("other bytes follow its end")
    return Step(consumed: zeros, produced: 0, state: state)
  }
}
