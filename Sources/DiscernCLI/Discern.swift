@main struct Discern { static func main() {} }
