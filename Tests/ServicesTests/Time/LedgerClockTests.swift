import Billing
import Glibc
import Logging
import Synchronization
import Testing

@testable import Services

@Suite struct LedgerClockTests {
  private func withFolder(_ body: (String) throws -> Void) throws {
    var name = Array("/tmp/month-close-clock-XXXXXX".utf8CString)
    try #require(mkdtemp(&name) != nil)
    let folder = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer {
      unlink("\(folder)/clock")
      rmdir(folder)
    }
    try body("\(folder)/clock")
  }

  private func write(_ text: String, to file: String) throws {
    let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    try #require(Glibc.write(descriptor, text, text.utf8.count) == text.utf8.count)
  }

  @Test func `The clock is off by what the file says`() throws {
    try withFolder { (file: String) throws in
      try LedgerClock.writeOffset(file: file, seconds: 10 * 86_400)
      let clock = try LedgerClock.shifted(file: file)
      let ahead = clock.now().milliseconds - LedgerClock.system.now().milliseconds
      #expect(abs(ahead - 864_000_000) < 5000)
    }
  }

  @Test func `A missing file is no offset`() throws {
    try withFolder { (file: String) throws in
      #expect(try ClockOffset(file: file, pause: .zero, logger: nil).seconds() == 0)
    }
  }

  @Test func `Changes are followed`() throws {
    try withFolder { (file: String) throws in
      let offset = try ClockOffset(file: file, pause: .zero, logger: nil)
      for seconds: Int64 in [5, -7, 86_400] {
        try LedgerClock.writeOffset(file: file, seconds: seconds)
        #expect(offset.seconds() == seconds)
      }
    }
  }

  @Test func `The file is not read more often than asked`() throws {
    try withFolder { (file: String) throws in
      let offset = try ClockOffset(file: file, pause: .seconds(3600), logger: nil)
      try LedgerClock.writeOffset(file: file, seconds: 5)
      #expect(offset.seconds() == 0)
    }
  }

  @Test(arguments: ["soon", "", "1.5", "99999999999999999999", "9000000000000"])
  func `Garbage at start is an error that names the file`(_ text: String) throws {
    try withFolder { (file: String) throws in
      try write(text, to: file)
      let error = try #require(throws: ClockFileError.self) {
        try LedgerClock.shifted(file: file)
      }
      #expect(
        "\(error)".hasPrefix("the clock file \(file) cannot be used: expected a whole number"))
    }
  }

  @Test func `Garbage later keeps the last offset and warns once`() throws {
    let warnings = Mutex(0)
    let logger = Logger(label: "test") { _ in
      LineLogHandler(service: "test", level: .info, format: .text) { _, _ in
        warnings.withLock { $0 += 1 }
      }
    }
    try withFolder { (file: String) throws in
      try LedgerClock.writeOffset(file: file, seconds: 5)
      let offset = try ClockOffset(file: file, pause: .zero, logger: logger)
      for text in ["x", "yy", "zzz"] {
        try write(text, to: file)
        #expect(offset.seconds() == 5)
      }
      #expect(warnings.withLock { $0 } == 1)
    }
  }

  @Test func `Writing somewhere impossible says why`() {
    #expect(throws: ClockFileError.self) {
      try LedgerClock.writeOffset(file: "/nowhere/clock", seconds: 1)
    }
  }
}
