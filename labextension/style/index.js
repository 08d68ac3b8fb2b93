import './index.css';
import './prompts.css';
