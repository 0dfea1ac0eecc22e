import Glibc
import Testing

@testable import Endpoints
@testable import Services

/// Nobody who reads a log, or does not, holds a service up.
@Suite(.timeLimit(.minutes(1))) struct LogSinkTests {
  private func line(_ number: Int, _ length: Int = 100) -> [UInt8] {
    let text = "line \(number) "
    return Array((text + String(repeating: "x", count: length - text.utf8.count - 1) + "\n").utf8)
  }

  private func pipeEnds() -> (reading: CInt, writing: CInt) {
    var ends: [CInt] = [0, 0]
    precondition(pipe(&ends) == 0)
    return (ends[0], ends[1])
  }

  private func text(_ descriptor: CInt) -> String {
    var bytes = [UInt8](repeating: 0, count: 1 << 17)
    let count = read(descriptor, &bytes, bytes.count)
    return String(decoding: bytes[..<max(0, count)], as: UTF8.self)
  }

  @Test func `Full pipe costs a moment once and lines are counted`() {
    let (reading, writing) = pipeEnds()
    defer { for end in [reading, writing] { close(end) } }
    let sink = LogSink(writing)
    let start = ContinuousClock.now
    for number in 0..<2000 { sink.write(line(number)) }
    #expect(ContinuousClock.now - start < .seconds(5))
    let first = text(reading)
    let taken = first.split(separator: "\n").count
    #expect((100..<2000).contains(taken) && first.hasSuffix("x\n"))
    sink.write(line(2000))
    let next = text(reading).split(separator: "\n")
    #expect(next.first == "\(2000 - taken) lines are missing here: they could not be written")
    #expect(next.last?.hasPrefix("line 2000 ") == true)
  }

  @Test func `Line longer than a pipe is written in pieces`() {
    let (reading, writing) = pipeEnds()
    defer { for end in [reading, writing] { close(end) } }
    LogSink(writing).write(line(1, 20_000))
    #expect(text(reading).utf8.count == 20_000)
  }

  @Test func `Reader that is gone is no fault`() {
    ProcessSignals.ignoreBrokenPipes()
    let (reading, writing) = pipeEnds()
    defer { close(writing) }
    close(reading)
    let sink = LogSink(writing)
    let start = ContinuousClock.now
    for number in 0..<100 { sink.write(line(number)) }
    #expect(ContinuousClock.now - start < .seconds(2))
  }

  @Test func `Full disk is no fault`() {
    let full = open("/dev/full", O_WRONLY | O_CLOEXEC)
    defer { close(full) }
    let sink = LogSink(full)
    for number in 0..<100 { sink.write(line(number)) }
  }
}
