import ArgumentParser

struct CloseGroup: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "close",
    abstract: "Previews, starts and watches the close of a month.",
    subcommands: [PreviewCommand.self, StartCommand.self, StatusCommand.self])
}
