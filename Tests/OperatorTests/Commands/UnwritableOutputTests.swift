import Foundation
import Glibc
import Testing

@testable import closectl

/// Answers that do not get where they were to go.
@Suite struct UnwritableOutputTests {
  private func run(_ fault: OutputFault, _ arguments: String...) async -> (Status, String) {
    let notes = Text()
    let output = Output(
      print: { _ in throw fault }, note: notes.add, isTerminal: false,
      noteIsTerminal: false, environment: [:])
    let program = closectl.Program(environment: [:], output: output)
    return (await program.run(arguments), notes.all)
  }

  @Test(arguments: [["--version"], ["topology", "users"], ["topology", "users", "--json"]])
  func `Unwritten answer is three and said on standard error`(_ arguments: [String]) async {
    let notes = Text()
    let full = OutputFault(ENOSPC)
    let output = Output(
      print: { _ in throw full }, note: notes.add, isTerminal: false,
      noteIsTerminal: false, environment: [:])
    let status = await closectl.Program(environment: [:], output: output).run(arguments)
    #expect(status == .unreachable)
    #expect(
      notes.all == "error: standard output cannot be written: No space left on device\n")
  }

  @Test func `Reader who has seen enough is no error`() async {
    let (status, notes) = await run(OutputFault(EPIPE), "topology", "users")
    #expect(status == .done)
    #expect(notes.isEmpty)
  }

  @Test func `Problem stays a problem for a reader who has seen enough`() async {
    let (status, _) = await run(
      OutputFault(EPIPE), "report", "2026-11", "--json", "--store-url", "sqlite:/nowhere/at.all")
    #expect(status == .problem)
  }

  // MARK: The program itself

  private static var program: String {
    let tests = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
    return tests.deletingLastPathComponent().appendingPathComponent("closectl").path
  }

  /// As a shell runs it.
  private func shell(_ line: String) async throws -> (status: Int32, errors: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = ["-c", line, Self.program]
    let errors = Pipe()
    process.standardError = errors
    try process.run()
    // Without a thread that waits: tests share two. What it says fits into the pipe.
    while process.isRunning { try await Task.sleep(for: .milliseconds(50)) }
    let said = errors.fileHandleForReading.readDataToEndOfFile()
    let status = process.terminationStatus
    return (
      process.terminationReason == .exit ? status : -status, String(decoding: said, as: UTF8.self)
    )
  }

  @Test(arguments: ["--version", "help report", "topology users --json"])
  func `Full disk is three`(_ arguments: String) async throws {
    let (status, errors) = try await shell("\"$0\" \(arguments) > /dev/full")
    #expect(status == 3)
    #expect(errors == "error: standard output cannot be written: No space left on device\n")
  }

  /// The reader is gone before anything is written.
  @Test(arguments: ["--version", "help report", "topology users --json"])
  func `Reader that is gone is no error`(_ arguments: String) async throws {
    let (status, errors) = try await shell(
      "{ sleep 0.3; \"$0\" \(arguments); echo \"status $?\" >&2; } | true")
    #expect(status == 0)
    #expect(errors == "status 0\n")
  }
}

@Suite struct OutputFileTests {
  private func mode(_ path: String) -> mode_t {
    var status = stat()
    return lstat(path, &status) == 0 ? status.st_mode & 0o777 : 0
  }

  @Test func `File is its owners alone and replaces another`() throws {
    let scratch = try Scratch()
    let path = try scratch.write("old", to: "certificate.json")
    chmod(path, 0o644)
    let file = try OutputFile(path)
    try file.write(Array("new".utf8))
    #expect(try scratch.read("certificate.json") == "old")
    try file.finish()
    #expect(try scratch.read("certificate.json") == "new")
    #expect(mode(path) == 0o600)
    #expect(try scratch.files() == ["certificate.json"])
  }

  @Test func `What is not finished leaves nothing`() throws {
    let scratch = try Scratch()
    var file: OutputFile? = try OutputFile(scratch.path("half"))
    try file?.write(Array("half".utf8))
    file = nil
    #expect(try scratch.files() == [])
  }

  @Test func `Links and FIF os are left alone`() throws {
    let scratch = try Scratch()
    let target = try scratch.write("precious", to: "target")
    symlink(target, scratch.path("link"))
    mkfifo(scratch.path("fifo"), 0o600)
    for (name, kind) in [("link", "a symbolic link"), ("fifo", "a FIFO")] {
      let path = scratch.path(name)
      let expected = OutputFault.unwritable(path, "it is \(kind), not a regular file")
      #expect(throws: expected) { try OutputFile(path) }
    }
    #expect(throws: OutputFault.unwritable("/dev/full", "it is a device, not a regular file")) {
      try OutputFile("/dev/full")
    }
    #expect(try scratch.read("target") == "precious")
    #expect(try scratch.files() == ["fifo", "link", "target"])
  }

  @Test func `Folder that is not there is named`() throws {
    let path = try Scratch().path("missing/file")
    #expect(throws: OutputFault.unwritable(path, "No such file or directory")) {
      try OutputFile(path)
    }
  }
}
