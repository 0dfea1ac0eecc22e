import ArgumentParser

struct CloseGroup: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "close",
    abstract: "Preview, start and watch the close of a month.",
    subcommands: [PreviewCommand.self, StartCommand.self, StatusCommand.self])
}
